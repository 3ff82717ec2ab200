// Shows one episode: what came of it, the player, the turn, the map.

import { drawMap } from "./draw.js";
import { block, fill, fold, h, onTheme, quoted, visible } from "./dom.js";
import { duration, moment, money, number, plural, words } from "./format.js";
import { Film } from "./film.js";
import { Player, Stage, achievement, controls, jumper, keyHelp, listenToKeys } from "./player.js";
import { Timeline } from "./timeline.js";
import { TurnPanel } from "./turn.js";
import { TurnList } from "./turns.js";

/** Shows an episode in an element. The answer can be closed; given as `before`, the
 * same episode is shown with what was recorded since, and otherwise as it was. */
export function showEpisode(main, { source, facts, tiles, data, state = 0, turn = null, moved = () => {}, links = null, before = null }) {
  if (!data.film) return showSession(main, { source, data, links });
  const film = new Film(data.film);
  const player = new Player(film.last, film.first_step);
  const stage = new Stage(film, facts, tiles);
  const timeline = new Timeline(film, facts, data.turns, player);
  const panel = before?.panel ?? new TurnPanel(source, data.id, film, data.turns, player);
  if (before) {
    panel.renew(film, data.turns, player);
    player.speed = before.player.speed;
    stage.wantsExact = before.stage.wantsExact;
  }
  const list = new TurnList(film, facts, data.turns, panel);
  const map = h("canvas", { class: "map", role: "img" });
  const marks = h("ul", { class: "achievements", "aria-label": "Achievements" });
  const dialog = h("div", {});
  const jump = { ...jumper(player, [film], () => dialog.firstChild.showModal()), turn: (direction) => panel.next(direction) };
  const more = source.frame ? [["x", "the frame as the world draws it, and back", { x: () => exact(!stage.wantsExact) }]] : [];
  dialog.append(keyHelp(player, jump, more));

  const exact = (wanted) => {
    stage.wantsExact = wanted;
    toggle?.setAttribute("aria-pressed", String(wanted));
    player.tell();
  };
  const toggle = source.frame
    ? h("button", { type: "button", "aria-pressed": String(stage.wantsExact), title: "The frame as the world draws it, which is what a model with eyes is shown (x)", onclick: () => exact(!stage.wantsExact) }, "Exact frame")
    : null;
  const buttons = controls(player, jump);
  if (toggle) buttons.lastChild.prepend(toggle);

  player.listen((at) => {
    stage.show(at);
    stage.exact.hidden = !stage.wantsExact;
    if (stage.wantsExact) stage.exact.src = source.frame(data.id, film.number(at));
    timeline.show(at);
    panel.show(at);
    list.show();
    drawMap(map, tiles, film, at);
    map.setAttribute("aria-label", `Map with the path of ${at} steps`);
    for (const mark of marks.querySelectorAll("[data-state]")) mark.classList.toggle("later", Number(mark.dataset.state) > at);
    moved(at, panel.opened?.turn);
  });

  const unlocked = film.unlocks();
  fill(marks, facts.achievements.map(({ name }) => {
    const unlock = unlocked.find((each) => each.name === name);
    if (film.inherited.includes(name)) return h("li", {}, achievement(facts, name), h("span", { class: "dim" }, ` before step ${film.first_step}`));
    if (!unlock) return h("li", { class: "missing" }, achievement(facts, name));
    return h("li", { "data-state": String(unlock.state) },
      h("button", { type: "button", title: `Go to step ${film.number(unlock.state)}`, onclick: () => player.go(unlock.state) },
        achievement(facts, name), h("span", { class: "dim" }, ` ${film.number(unlock.state)}`)));
  }));

  fill(main,
    episodeHead(data, facts, links),
    film.difference ? h("p", { class: "problem", role: "alert" }, film.difference) : null,
    h("div", { class: "player" }, buttons, timeline.element),
    h("div", { class: "episode" },
      stage.element,
      panel.element,
      h("div", { class: "around" },
        h("section", {}, h("h2", {}, "Map"), map, h("p", { class: "dim small" }, `The yellow line is the path walked${film.first_step > 0 ? ", the blue one that of the parent until the fork" : ""}, the box what is seen now. What was not seen yet is faint.`)),
        h("section", {}, h("h2", {}, `Achievements: ${film.inherited.length + unlocked.length} of ${facts.achievements.length}`), marks))),
    list.element,
    details(data),
    dialog);
  const stops = [listenToKeys(player, jump, more), onTheme(() => player.tell())];
  if (data.turns.some((line) => line.turn === turn)) panel.open(turn);
  else player.go(state);
  return {
    player,
    film,
    stage,
    panel,
    close() {
      player.pause();
      for (const stop of stops) stop();
      timeline.close();
    },
  };
}

/** A session that is no episode, or cannot be rebuilt: its turns, without frames. */
function showSession(main, { source, data, links }) {
  const player = new Player(0);
  const panel = new TurnPanel(source, data.id, null, data.turns, player);
  panel.turnAt = () => panel.wanted;
  const choose = h("select", { onchange: () => show(choose.value) },
    data.turns.map(({ turn }) => h("option", { value: String(turn) }, `Turn ${turn}`)),
    h("option", { value: "outside" }, "Outside of turns"));
  const show = (turn) => {
    panel.wanted = turn === "outside" ? turn : Number(turn);
    panel.show(0);
  };
  fill(main,
    episodeHead(data, null, links),
    h("p", { class: "problem" }, "There are no frames: ", quoted(data.problem ?? "this session is no episode"), "."),
    h("label", {}, "Turn ", choose), panel.element, details(data));
  show(choose.value);
  return { player, film: null, close() {} };
}

function episodeHead(data, facts, links) {
  const { episode_config: config, episode_results: results, episode_cut_short: cut, forked_from: parent } = data.metadata;
  const usage = results?.usage ?? {};
  const ending = cut?.ending ?? results?.ending ?? data.status;
  const figures = results
    ? [
        ["achievements", `${Object.keys(results.achievement_counts).length} of ${facts?.achievements.length ?? 22}`],
        ["reward", number(results.reward, 1)],
        ["steps", number(results.steps)],
        ["turns", number(results.turns)],
        ["without effect", number(results.invalid_actions.reduce((sum, { count }) => sum + count, 0))],
        ["tokens", number(usage.total_tokens)],
        ["cost", money(results.cost)],
        ["model time", duration(results.model_time_ms)],
      ]
    : [];
  return h("header", { class: "episode-head" },
    h("div", {},
      links?.above ?? null,
      h("h1", {}, config ? [quoted(config.model), h("span", { class: "dim" }, ` · seed ${config.seed}`)] : ["Session ", quoted(data.id)],
        " ", h("span", { class: `ending ${visible(ending)}` }, words(ending))),
      h("p", { class: "dim small" }, `Began ${moment(data.created)} UTC · session `, h("code", {}, visible(data.id)),
        parent ? [" · goes on from step ", String(parent.step), " of ", links?.episode?.(parent.session_id, parent.step) ?? h("code", {}, visible(parent.session_id))] : null),
      links?.forks?.length ? h("p", { class: "dim small" }, "Others went on from ", links.forks) : null),
    figures.length > 0 ? h("dl", { class: "figures" }, figures.map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value)))) : null,
    cut || results?.error ? h("p", { class: "problem" }, quoted(cut?.reason ?? results.error)) : null);
}

function details(data) {
  return fold("What the session says of itself", false,
    Object.entries(data.metadata).map(([type, value]) => [h("h3", {}, quoted(words(type))), block(JSON.stringify(value, null, 2))]),
    h("p", { class: "dim" }, plural(data.turns.length, "turn")));
}
