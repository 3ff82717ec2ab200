// Shows two episodes of the same seed side by side, in step: where one begins later,
// as a fork does, it waits for the other.

import { drawMap } from "./draw.js";
import { fill, h, onTheme, quoted } from "./dom.js";
import { number, plural, words } from "./format.js";
import { Film } from "./film.js";
import { Player, Stage, achievement, controls, jumper, keyHelp, listenToKeys } from "./player.js";
import { Timeline } from "./timeline.js";

/** Shows both in an element. */
export function showPair(main, { facts, tiles, pair, step = null, moved = () => {}, link }) {
  const without = pair.find(({ film }) => !film);
  if (without) {
    fill(main, h("h1", {}, "Side by side"), h("p", { class: "problem" }, "There are no frames: ", quoted(without.problem)));
    return { close() {} };
  }
  const films = pair.map(({ film }) => new Film(film));
  const from = Math.min(...films.map((film) => film.first_step));
  for (const film of films) film.late = film.first_step - from;
  const player = new Player(Math.max(...films.map((film) => film.place(film.last))), from);
  const dialog = h("div", {});
  const jump = jumper(player, films, () => dialog.firstChild.showModal());
  dialog.append(keyHelp(player, jump));
  const sides = pair.map((data, place) => {
    const film = films[place];
    const stage = new Stage(film, facts, tiles);
    const timeline = new Timeline(film, facts, data.turns, player);
    const map = h("canvas", { class: "map", role: "img", "aria-label": "Map with the path walked" });
    const so_far = h("ul", { class: "achievements", "aria-label": "Achievements so far" });
    const figures = h("p", {});
    player.listen((at) => {
      const state = film.here(at);
      const beside = at < film.late ? `, begins at step ${film.first_step}` : at > film.place(film.last) ? ", ended before" : "";
      stage.show(state);
      timeline.show(at);
      drawMap(map, tiles, film, state);
      const unlocked = film.unlocks().filter((unlock) => unlock.state <= state);
      figures.textContent = `${plural(film.inherited.length + unlocked.length, "achievement")}, reward ${number(film.rewardAt(state), 1)}${beside}`;
      fill(so_far, film.inherited.map((name) => h("li", {}, achievement(facts, name), h("span", { class: "dim" }, " before"))), unlocked.map(({ name, state: when }) => h("li", {}, achievement(facts, name), h("span", { class: "dim" }, ` ${film.number(when)}`))));
    });
    const { episode_config: config, episode_results: results } = data.metadata;
    const element = h("section", { class: "side" },
      h("h2", {}, link(data.id, config.model), " ", h("span", { class: `ending ${results?.ending ?? ""}` }, words(results?.ending ?? data.status))),
      figures, h("div", { class: "stage-and-map" }, stage.element, map), timeline.element, so_far);
    return { element, timeline };
  });
  const seeds = new Set(pair.map(({ metadata }) => metadata.episode_config.seed));
  fill(main,
    h("h1", {}, "Side by side ", h("span", { class: "dim" }, seeds.size === 1 ? `· seed ${[...seeds][0]}` : "")),
    seeds.size === 1 ? null : h("p", { class: "problem" }, "These are different worlds: their seeds differ."),
    controls(player, jump),
    h("div", { class: "pair" }, sides.map(({ element }) => element)),
    dialog);
  const stops = [listenToKeys(player, jump), onTheme(() => player.tell())];
  player.listen((at) => moved(from + at));
  player.go(step === null ? 0 : step - from);
  return {
    close() {
      player.pause();
      for (const stop of stops) stop();
      for (const { timeline } of sides) timeline.close();
    },
  };
}
