// Lists episodes: filtered, ordered, a page at a time, and two of them picked to be
// seen side by side.

import { fill, h, quoted, visible } from "./dom.js";
import { moment, money, number, plural, words } from "./format.js";

const PAGE = 100;

/** What is not filtered by, and how the list is ordered unless the address says so. */
export const USUAL = { sort: "started", descending: "true" };

const COLUMNS = [
  ["model", "model"], ["seed", "seed", "n"], ["ending", "ending"], ["achievements", "achievements"], ["reward", "reward", "n"],
  ["steps", "steps", "n"], ["turns", "turns", "n"], ["cost", "cost", "n"], ["started", "began"],
];

/** Shows a page of the list. `filter` is what the address says; `go` changes it. */
export function showEpisodes(main, { page, filter, facts, runs, picked, go }) {
  const offset = Math.min(Number(filter.offset ?? 0), page.total);
  const set = (changes) => {
    const next = { ...filter, offset: "", ...changes };
    go(Object.fromEntries(Object.entries(next).filter(([, value]) => value !== "" && value !== undefined)));
  };
  const select = (label, key, options) =>
    h("label", {}, label, h("select", { name: key, onchange: ({ target }) => set({ [key]: target.value }) },
      h("option", { value: "" }, "any"),
      options.map(([value, text]) => h("option", { value, selected: filter[key] === value }, visible(text)))));
  const entry = (key, more = {}) =>
    h("input", { type: "number", min: "0", step: "1", name: key, value: filter[key] ?? "", ...more, onchange: ({ target }) => target.reportValidity() && set({ [key]: target.value }) });
  const all = String(facts.achievements.length);
  const score = h("div", { class: "range", role: "group", "aria-label": "Score" }, h("span", {}, `Score: achievements of ${all}`),
    h("span", {}, entry("min", { max: all, placeholder: "0", "aria-label": "Score at least" }), " to ", entry("max", { max: all, placeholder: all, "aria-label": "Score at most" })));
  const filters = h("form", { class: "filters", "aria-label": "Filters", onsubmit: (event) => event.preventDefault() },
    select("Run", "run", runs.map(({ experiment_id: id, fork, models }) => [id, `${id}${fork ? ", fork" : ""} · ${models.map(({ model }) => visible(model)).join(", ").slice(0, 60)}`])),
    select("Model", "model", page.models.map((model) => [model, model])),
    select("Ending", "ending", page.endings.map((ending) => [ending, words(ending)])),
    select("Unlocked", "achievement", facts.achievements.map(({ name, tier }) => [name, `${words(name)} (${tier[0].toUpperCase()})`])),
    score, h("label", {}, "Seed", entry("seed")),
    h("button", { type: "button", onclick: () => go({}) }, "Clear"));
  const compare = h("p", { class: "compare-bar", role: "status" });
  const tell = () => {
    const [a, b] = picked;
    if (!a) fill(compare, h("span", { class: "dim" }, "Tick two episodes to see them side by side."));
    else if (!b) fill(compare, `${a.model} on seed ${a.seed} is ticked. `, h("a", { href: `#/episodes?seed=${a.seed}` }, `Others of seed ${a.seed}`));
    else fill(compare, h("a", { class: "button", href: `#/compare/${encodeURIComponent(a.id)}/${encodeURIComponent(b.id)}` }, "See the two side by side"));
  };
  const tick = (row, box) => {
    const at = picked.findIndex(({ id }) => id === row.id);
    if (at >= 0) picked.splice(at, 1);
    else picked.push(row);
    while (picked.length > 2) {
      const { id } = picked.shift();
      const other = main.querySelector(`input[value="${CSS.escape(id)}"]`);
      if (other) other.checked = false;
    }
    box.checked = picked.some(({ id }) => id === row.id);
    tell();
  };
  const heads = COLUMNS.map(([key, name, side]) => {
    const sorted = filter.sort === key;
    const descending = filter.descending === "true";
    return h("th", { scope: "col", class: side, "aria-sort": sorted ? (descending ? "descending" : "ascending") : "none" },
      h("button", { type: "button", onclick: () => set({ sort: key, descending: String(sorted && !descending) }) },
        name, h("span", { "aria-hidden": "true" }, sorted ? (descending ? " ↓" : " ↑") : "")));
  });
  const turn = (label, to) => h("button", { type: "button", disabled: to < 0 || to >= page.total, onclick: () => set({ offset: String(to) }) }, label);
  if (page.total === 0) {
    const filtered = Object.keys(filter).some((key) => !(key in USUAL));
    fill(main, h("h1", {}, "Episodes"), filters, h("p", {}, filtered ? "No episode passes these filters." : "This file holds no episode yet: `runner --episodes 10` plays some."));
    return;
  }
  fill(main,
    h("h1", {}, "Episodes"), filters, compare,
    h("div", { class: "scroll" }, h("table", { class: "episodes" },
      h("thead", {}, h("tr", {}, h("th", {}, h("span", { class: "hidden" }, "side by side")), heads)),
      h("tbody", {}, page.rows.map((row) => line(row, facts, picked, tick))))),
    h("p", { class: "pages" }, turn("Back", offset - PAGE), ` ${number(Math.min(offset + 1, page.total))} to ${number(Math.min(offset + PAGE, page.total))} of ${plural(page.total, "episode")} `, turn("On", offset + PAGE)));
  tell();
}

function line(row, facts, picked, tick) {
  const name = row.model ?? row.id;
  const box = h("input", { type: "checkbox", value: row.id, "aria-label": `Side by side: ${visible(name)}, seed ${row.seed}` });
  box.checked = picked.some(({ id }) => id === row.id);
  box.addEventListener("change", () => tick(row, box));
  const tiers = facts.achievements.map(({ name: each, tier }) => h("i", { class: row.achievements.includes(each) ? tier : "", title: words(each) }));
  return h("tr", {},
    h("td", {}, row.model ? box : null),
    h("th", { scope: "row" }, h("a", { href: `#/episode/${encodeURIComponent(row.id)}` }, quoted(name)), row.forked_at === null ? null : [" ", h("span", { class: "badge" }, `fork @${row.forked_at}`)]),
    h("td", { class: "n" }, row.seed ?? ""),
    h("td", {}, h("span", { class: `ending ${visible(row.ending)}`, title: visible(row.error ?? "") }, words(row.ending))),
    h("td", {}, h("span", { class: "count" }, String(row.achievements.length)), h("span", { class: "strip", role: "img", "aria-label": row.achievements.map(words).join(", ") || "none" }, tiers)),
    h("td", { class: "n" }, number(row.reward, 1)),
    h("td", { class: "n" }, number(row.steps)),
    h("td", { class: "n" }, number(row.turns)),
    h("td", { class: "n" }, row.ending === "running" ? "" : money(row.cost)),
    h("td", { class: "when" }, moment(row.started)));
}
