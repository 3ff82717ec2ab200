// Shows what the address asks for: runs, episodes, one episode, two, or SQL.

import { fill, h, quoted } from "./dom.js";
import { bytes } from "./format.js";
import { loadTiles } from "./draw.js";
import { server as source } from "./source.js";
import { showRuns } from "./runs.js";
import { USUAL, showEpisodes } from "./episodes.js";
import { showEpisode } from "./episode.js";
import { showPair } from "./compare.js";
import { showSql } from "./sql.js";

const main = document.getElementById("main");
const status = document.getElementById("status");
const picked = [];
let shown = null;
let latest = null;
let asked = 0;

const once = (make) => {
  let made;
  return () => (made ??= make());
};
const facts = once(() => source.facts());
const tiles = once(() => loadTiles(source.tiles));

/** The page in the address, without the query. */
const here = () => location.hash.split("?")[0];

const address = () => {
  const [path, query] = location.hash.replace(/^#\/?/, "").split("?");
  const [page, ...parts] = path.split("/").map(decodeURIComponent);
  return { page, parts, query: Object.fromEntries(new URLSearchParams(query)) };
};

/** Keeps the step in the address of the page that is shown now, or the turn where it has no
 * steps: at once, and then a few times a second, since browsers refuse to write addresses as
 * fast as an episode plays. */
function remembering() {
  const page = here();
  let wanted = null;
  let waiting = false;
  const write = () => {
    waiting = wanted !== null && here() === page;
    if (!waiting) return;
    history.replaceState(null, "", `${page}?${wanted}`);
    wanted = null;
    setTimeout(write, 250);
  };
  return (step, turn) => {
    wanted = turn === undefined ? `step=${step}` : `turn=${turn}`;
    if (!waiting) write();
  };
}

/** The step or turn an address asks for, if it is a number. */
const numberOf = (text) => (text !== undefined && Number.isFinite(Number(text)) ? Math.round(Number(text)) : null);

const episodeLink = (id, text, step) => h("a", { href: `#/episode/${encodeURIComponent(id)}${step === undefined ? "" : `?step=${step}`}` }, quoted(text));

/** Links to what others made of an episode. */
const forksOf = (id, runs) => runs.filter(({ fork }) => fork?.session_id === id).map(({ fork, experiment_id: run }, place) => [
  place > 0 ? ", " : null, h("a", { href: `#/episodes?${new URLSearchParams({ run })}` }, `step ${fork.step}: ${run}`)]);

const PAGES = {
  async "" () {
    const [runs, { sessions }, known] = await Promise.all([source.runs(), source.status(), facts()]);
    return ["Runs", () => showRuns(main, { runs, sessions, facts: known })];
  },
  async episodes({ query: given }) {
    const query = { ...(given.sort ? {} : USUAL), ...given };
    const [page, known, runs] = await Promise.all([source.episodes(query), facts(), source.runs()]);
    const go = (filter) => {
      location.hash = `#/episodes?${new URLSearchParams(filter)}`;
    };
    return ["Episodes", () => showEpisodes(main, { page, filter: query, facts: known, runs, picked, go })];
  },
  async episode({ parts: [id], query }, quietly) {
    const moved = remembering();
    const [data, runs, known, pictures] = await Promise.all([source.episode(id), source.runs(), facts(), tiles()]);
    const digest = JSON.stringify([data.status, data.turns, data.film?.states.length]);
    const again = quietly && shown?.follows === id;
    if (again && shown.digest === digest) return null;
    const before = again && shown.film && data.film ? shown : null;
    const { seed, model } = data.metadata.episode_config ?? {};
    const above = h("p", { class: "crumbs" },
      h("a", { href: "#/" }, "Runs"), " › ",
      data.run ? [h("a", { href: `#/episodes?${new URLSearchParams({ run: data.run })}` }, data.run), " › "] : null,
      seed === undefined ? "session" : h("a", { href: `#/episodes?${new URLSearchParams({ seed })}` }, `seed ${seed}`));
    const first = data.film?.first_step ?? 0;
    const links = { above, forks: forksOf(data.id, runs), episode: (other, step) => episodeLink(other, other, step) };
    const last = before?.player.state === before?.film?.last;
    const state = before ? (last ? Infinity : before.player.state) : (numberOf(query.step) ?? first) - first;
    return [`${model ?? "Session"}${seed === undefined ? "" : `, seed ${seed}`}`, () => {
      const view = showEpisode(main, { source, facts: known, tiles: pictures, data, state, turn: before ? null : numberOf(query.turn), moved: (at, turn) => moved(first + at, turn), links, before });
      return { ...view, digest, follows: data.status === "running" ? id : undefined };
    }];
  },
  async compare({ parts, query }) {
    if (parts.length !== 2) throw new Error("Two episodes are seen side by side: tick them in the list.");
    const moved = remembering();
    const [pair, known, pictures] = await Promise.all([Promise.all(parts.map(source.episode)), facts(), tiles()]);
    return ["Side by side", () => showPair(main, { facts: known, tiles: pictures, pair, step: numberOf(query.step), moved, link: episodeLink })];
  },
  async sql() {
    const tables = await source.tables();
    return ["SQL", () => showSql(main, { source, tables })];
  },
};

/** Shows what the address says. What was shown stays until the new is there. */
async function show({ quietly = false } = {}) {
  asked += 1;
  const mine = asked;
  if (!quietly) main.setAttribute("aria-busy", "true");
  let page;
  let wanted = { page: "" };
  try {
    wanted = address();
    const make = PAGES[wanted.page];
    if (!make) throw new Error("There is no such page.");
    page = await make(wanted, quietly);
  } catch (problem) {
    // What is shown is worth more than that it could not be shown anew.
    if (quietly) throw problem;
    page = ["Problem", () => void fill(main, h("h1", {}, "That did not work"), h("p", { class: "problem", role: "alert" }, quoted(problem.message)), h("p", {}, h("a", { href: "#/" }, "To the runs")))];
  }
  if (mine !== asked || page === null) return;
  const [title, render] = page;
  const back = quietly ? kept() : () => {};
  shown?.close?.();
  main.removeAttribute("aria-busy");
  document.title = `${title} · Crafter traces`;
  shown = render() ?? null;
  for (const link of document.querySelectorAll("header nav a")) {
    const here = link.getAttribute("href").replace("#/", "") === wanted.page;
    if (here) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  back();
  if (!quietly) {
    main.focus({ preventScroll: true });
    scrollTo(0, 0);
  }
}

/** Puts back, once the page was shown anew, how far it was scrolled and what had the
 * keyboard. */
function kept() {
  const element = document.activeElement;
  const places = [[document.scrollingElement, scrollY], ...[...main.querySelectorAll(".turn")].map((each) => [each, each.scrollTop])];
  return () => {
    for (const [each, top] of places) each.scrollTop = top;
    const again = main.contains(element) ? element : namesake(element);
    again?.focus({ preventScroll: true });
  };
}

/** The element of the page that is called as one that was there before. */
function namesake(element) {
  for (const name of ["href", "value", "aria-label", "name"]) {
    const value = element.getAttribute(name);
    if (value) return main.querySelector(`${element.localName}[${name}="${CSS.escape(value)}"]`);
  }
  return null;
}

/** Shows a list anew, or a running episode, unless somebody is busy with it. Whether it did. */
async function shownAnew() {
  const [page] = location.hash.replace(/^#\/?/, "").split(/[/?]/);
  const grows = ["", "episodes"].includes(page) || (page === "episode" && shown?.follows && !shown.player.playing);
  const busy = main.querySelector("form :focus, dialog[open]") || getSelection().type === "Range";
  if (!grows || busy) return false;
  await show({ quietly: true });
  return true;
}

/** Follows a run that is still going. */
async function watch() {
  try {
    const now = await source.status();
    fill(status, h("span", { title: now.path }, quoted(now.path)), ` · ${bytes(now.bytes)}`, now.live ? [" ", h("span", { class: "ending running" }, "a run is writing it")] : null);
    const changed = latest !== null && now.version !== latest;
    if (!changed || (await shownAnew())) latest = now.version;
  } catch (problem) {
    fill(status, h("span", { class: "bad" }, problem.message));
  }
  setTimeout(watch, 2500);
}

addEventListener("hashchange", () => show());
await show();
watch();
