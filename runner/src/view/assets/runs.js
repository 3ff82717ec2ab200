// Lists the runs in the trace file.

import { fill, h, quoted } from "./dom.js";
import { moment, number, plural } from "./format.js";

export function showRuns(main, runs, sessions) {
  const head = h("h1", {}, "Runs");
  if (runs.length === 0) {
    const other = sessions > 0 ? h("p", {}, "It holds ", h("a", { href: "#/episodes" }, plural(sessions, "session")), " of something else.") : null;
    fill(main, head, h("p", {}, "This file holds no run yet: `runner --episodes 10` plays one."), other);
    return;
  }
  fill(main, head, runs.map(card));
}

function card(run) {
  const { config } = run;
  const to = (model) => `#/episodes?${new URLSearchParams({ run: run.experiment_id, ...(model ? { model } : {}) })}`;
  const seeds = config.run.episodes === 1 ? `seed ${config.run.seed}` : `seeds ${config.run.seed} to ${config.run.seed + config.run.episodes - 1}`;
  const facts = [seeds, `${config.world.difficulty} world`, `at most ${number(config.limits.max_steps)} steps`, config.agent.observation, config.agent.protocol];
  const rows = run.models.map((line) =>
    h("tr", {},
      h("th", { scope: "row" }, h("a", { href: to(line.model) }, quoted(line.model))),
      h("td", { class: "n" }, line.complete >= config.run.episodes ? number(line.complete) : `${number(line.complete)} of ${number(Math.max(config.run.episodes, line.episodes))}`,
        line.running ? [" ", h("span", { class: "ending running" }, `${line.running} running`)] : null),
      h("td", { class: "n" }, line.complete ? number(line.mean_achievements, 1) : "–"),
      h("td", { class: "n" }, line.complete ? number(line.mean_reward, 2) : "–"),
      h("td", { class: "n" }, `${line.unlocked} of 22`)));
  return h("section", { class: "card" },
    h("h2", {}, h("a", { href: to() }, run.experiment_id)),
    h("p", { class: "dim small" }, `${moment(run.started_at)} UTC · `, quoted(facts.filter(Boolean).join(" · "))),
    h("div", { class: "scroll" }, h("table", {},
      h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "model"), ["complete", "achievements", "reward", "ever unlocked"].map((name) => h("th", { scope: "col", class: "n" }, name)))),
      h("tbody", {}, rows))));
}
