// Lists the turns of an episode, so that one is found by what happened in it.

import { fill, fold, h } from "./dom.js";
import { duration, number, plural, words } from "./format.js";
import { achievement, signed } from "./player.js";

/** The list of one episode's turns. Its rows, which may be thousands, are made when they are
 * looked at. */
export class TurnList {
  constructor(film, facts, turns, panel) {
    Object.assign(this, { film, facts, turns, panel });
    this.box = h("div", { class: "scroll tall", tabindex: "0", role: "group", "aria-label": "All turns" });
    this.element = h("div", { class: "card" }, fold("All turns", false, this.box));
    this.element.firstChild.addEventListener("toggle", () => this.show());
  }

  /** Marks the turn that is shown beside the frame. */
  show() {
    if (!this.element.firstChild.open) return;
    this.rows ??= this.filled();
    const here = this.turns.findIndex(({ turn }) => turn === this.panel.shown);
    this.rows[this.here]?.removeAttribute("aria-current");
    this.rows[here]?.setAttribute("aria-current", "true");
    this.here = here;
  }

  filled() {
    const rows = this.turns.map((line) => this.row(line));
    const heads = [["turn", "n"], ["steps", "n"], ["actions"], ["what came of them"], ["reward", "n"], ["tokens", "n"], ["model time", "n"]];
    fill(this.box, h("table", { class: "turns" },
      h("thead", {}, h("tr", {}, heads.map(([name, side]) => h("th", { scope: "col", class: side }, name)))),
      h("tbody", {}, rows)));
    return rows;
  }

  row({ turn, steps: [first, end], prompt_tokens: prompt, completion_tokens: completion, latency_ms: latency, failed_attempts: failed, error }) {
    const steps = this.film.steps.slice(first, end);
    const [from, to] = [first + 1, end].map((state) => this.film.number(state));
    const reward = steps.reduce((sum, step) => sum + (step.reward ?? 0), 0);
    const invalid = steps.filter((step) => step.invalid).length;
    const came = [
      ...steps.flatMap((step) => step.unlocked ?? []).map((name) => achievement(this.facts, name)),
      invalid > 0 ? h("span", { class: "badge bad" }, `${invalid} without effect`) : null,
      failed > 0 ? h("span", { class: "badge bad" }, plural(failed, "failed attempt")) : null,
      error ? h("span", { class: "badge bad" }, "error") : null,
    ];
    return h("tr", {},
      h("th", { scope: "row", class: "n" }, h("button", { type: "button", class: "link", onclick: () => this.panel.open(turn) }, String(turn))),
      h("td", { class: "n" }, end === first ? "–" : from === to ? String(to) : `${from} to ${to}`),
      h("td", {}, steps.map((step) => words(step.action)).join(", ")),
      h("td", { class: "came" }, came),
      h("td", { class: "n" }, reward === 0 ? "" : signed(reward)),
      h("td", { class: "n" }, prompt || completion ? number((prompt ?? 0) + (completion ?? 0)) : "–"),
      h("td", { class: "n" }, duration(latency)));
  }
}
