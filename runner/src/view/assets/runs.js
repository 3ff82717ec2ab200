// Lists the runs in the trace file.

import { fill, h, quoted } from "./dom.js";
import { moment, number, plural } from "./format.js";
import { signed } from "./player.js";

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
  const { config, fork, experiment_id: id } = run;
  const to = (model) => `#/episodes?${new URLSearchParams({ run: id, ...(model ? { model } : {}) })}`;
  const facts = [fork ? null : worlds(config.run), `${config.world.difficulty} world`, `at most ${number(config.limits.max_steps)} steps`, config.agent.observation, config.agent.protocol];
  // What a fork inherited is not its own.
  const figure = (value, before, digits) => (fork ? signed(value - before, digits) : number(value, digits));
  const figures = ({ complete, mean_achievements: achievements, mean_reward: reward }) => (complete
    ? [figure(achievements, fork?.achievements, 1), figure(reward, fork?.reward, 2)]
    : ["–", "–"]).map((text) => h("td", { class: "n" }, text));
  const rows = run.models.map((line) =>
    h("tr", {},
      h("th", { scope: "row" }, h("a", { href: to(line.model) }, quoted(line.model))),
      h("td", { class: "n" }, line.complete >= config.run.episodes ? number(line.complete) : `${number(line.complete)} of ${number(Math.max(config.run.episodes, line.episodes))}`,
        line.running ? [" ", h("span", { class: "ending running" }, `${line.running} running`)] : null),
      figures(line),
      h("td", { class: "n" }, `${line.unlocked} of 22`)));
  const heads = fork ? ["continuations", "achievements since", "reward since", "ever unlocked"] : ["complete", "achievements", "reward", "ever unlocked"];
  return h("section", { class: "card" },
    h("h2", {}, h("a", { href: to() }, id), fork ? [" ", h("span", { class: "badge" }, "fork")] : null),
    fork ? h("p", {}, "Goes on from ", parentLink(fork), `, where ${plural(fork.achievements, "achievement")} and a reward of ${number(fork.reward, 1)} had been reached${fork.reseeded ? ", each time with another luck" : ""}.`) : null,
    h("p", { class: "dim small" }, `${moment(run.started_at)} UTC · `, quoted(facts.filter(Boolean).join(" · "))),
    h("div", { class: "scroll" }, h("table", {},
      h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "model"), heads.map((name) => h("th", { scope: "col", class: "n" }, name)))),
      h("tbody", {}, fork?.parent ? parentRow(fork, figures) : null, rows))));
}

function worlds({ episodes, seed, seeds, tasks }) {
  if (tasks) return `tasks ${tasks}`;
  if (seeds) return "seeds as listed";
  return episodes === 1 ? `seed ${seed}` : `seeds ${seed} to ${seed + episodes - 1}`;
}

const parentLink = ({ session_id: id, step, model, seed }) =>
  h("a", { href: `#/episode/${encodeURIComponent(id)}?step=${step}` }, `step ${number(step)} of `, quoted(model), `, seed ${seed}`);

/** What the parent came to, counted as its continuations are. */
const parentRow = (fork, figures) => h("tr", {},
  h("th", { scope: "row" }, quoted(fork.model), h("span", { class: "dim" }, " (the parent)")),
  h("td", { class: "n" }, "1"),
  figures({ complete: 1, mean_achievements: fork.parent.achievements, mean_reward: fork.parent.reward }),
  h("td", { class: "n" }, `${fork.parent.achievements} of 22`));
