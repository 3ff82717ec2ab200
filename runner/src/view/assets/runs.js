// Lists the runs in the trace file.

import { fill, h, quoted } from "./dom.js";
import { moment, number, plural, words } from "./format.js";
import { signed } from "./player.js";

export function showRuns(main, { runs, sessions, facts }) {
  const head = h("h1", {}, "Runs");
  if (runs.length === 0) {
    const other = sessions > 0 ? h("p", {}, "It holds ", h("a", { href: "#/episodes" }, plural(sessions, "session")), " of something else.") : null;
    fill(main, head, h("p", {}, "This file holds no run yet: `runner --episodes 10` plays one."), other);
    return;
  }
  fill(main, head, runs.map((run) => card(run, facts.achievements)));
}

/** A run, with a line for each of its models. */
function card(run, achievements) {
  const { config, fork, experiment_id: id } = run;
  const to = (model) => `#/episodes?${new URLSearchParams({ run: id, ...(model ? { model } : {}) })}`;
  const facts = [fork ? null : worlds(config.run), `${config.world.difficulty} world`, `at most ${number(config.limits.max_steps)} steps`, config.agent.observation, words(config.agent.protocol)];
  const rows = run.models.map((line) =>
    h("tr", {},
      h("th", { scope: "row" }, h("a", { href: to(line.model) }, quoted(line.model))),
      h("td", { class: "n" }, line.complete >= config.run.episodes ? number(line.complete) : `${number(line.complete)} of ${number(Math.max(config.run.episodes, line.episodes))}`,
        line.running ? [" ", h("span", { class: "ending running" }, `${line.running} running`)] : null),
      figures(line, fork),
      h("td", { class: "shares" }, rates(line, achievements))));
  const heads = fork ? ["continuations", "achievements since", "reward since"] : ["episodes", "Crafter score", "achievements", "reward"];
  return h("section", { class: "card" },
    h("h2", {}, h("a", { href: to() }, id), fork ? [" ", h("span", { class: "badge" }, "fork")] : null),
    fork ? h("p", {}, "Goes on from ", parentLink(fork), `, where ${plural(fork.achievements, "achievement")} and a reward of ${number(fork.reward, 1)} had been reached${fork.reseeded ? ", each time with another luck" : ""}.`) : null,
    h("p", { class: "dim small" }, `${moment(run.started_at)} UTC · `, quoted(facts.filter(Boolean).join(" · "))),
    h("div", { class: "scroll" }, h("table", { class: "run" },
      h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "model"), heads.map((name) => h("th", { scope: "col", class: "n" }, name)), h("th", { scope: "col", class: "shares" }, "unlocked in how many episodes"))),
      h("tbody", {}, fork?.parent ? parentRow(fork) : null, rows))));
}

/** The means of complete episodes. What a fork inherited is not its own. */
function figures({ complete, score, mean_achievements: achievements, mean_reward: reward }, fork) {
  const texts = fork
    ? [signed(achievements - fork.achievements, 1), signed(reward - fork.reward, 2)]
    : [number(score, 1), number(achievements, 1), number(reward, 2)];
  return texts.map((text) => h("td", { class: "n" }, complete ? text : "–"));
}

/** A column for each achievement, as high as the share of episodes that unlocked it. */
function rates(line, achievements) {
  const columns = achievements.map(({ name, tier }) => {
    const rate = line.rates[name] ?? 0;
    const column = h("i", { class: tier, title: `${words(name)}: ${number(rate)} %` });
    column.style.setProperty("--share", `${rate}%`);
    return column;
  });
  const said = achievements.filter(({ name }) => line.rates[name]).map(({ name }) => `${words(name)} ${number(line.rates[name])} %`);
  return [h("span", { class: "rates", role: "img", "aria-label": said.join(", ") || "none" }, columns), h("span", { class: "dim small" }, `${line.unlocked} of ${achievements.length}`)];
}

function worlds({ episodes, seed, seeds, tasks }) {
  if (tasks) return `tasks ${tasks}`;
  if (seeds) return "seeds as listed";
  return episodes === 1 ? `seed ${seed}` : `seeds ${seed} to ${seed + episodes - 1}`;
}

const parentLink = ({ session_id: id, step, model, seed }) =>
  h("a", { href: `#/episode/${encodeURIComponent(id)}?step=${step}` }, `step ${number(step)} of `, quoted(model), `, seed ${seed}`);

/** What the parent came to, counted as its continuations are. */
const parentRow = (fork) => h("tr", {},
  h("th", { scope: "row" }, quoted(fork.model), h("span", { class: "dim" }, " (the parent)")),
  h("td", { class: "n" }, "1"),
  figures({ complete: 1, mean_achievements: fork.parent.achievements, mean_reward: fork.parent.reward }, fork),
  h("td", { class: "shares dim small" }, `${fork.parent.achievements} of 22`));
