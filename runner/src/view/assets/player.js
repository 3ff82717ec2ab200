// Keeps the place in an episode, moves it with buttons and keys, and shows the
// state that is there.

import { drawView } from "./draw.js";
import { fill, h, icon, quoted } from "./dom.js";
import { number, words } from "./format.js";

const SPEEDS = [1, 2, 5, 10, 20, 50];

/** Where one is, from 0 to `last`. Place 0 is step `from` of the world. Whoever
 * listens hears of every change. */
export class Player {
  constructor(last, from = 0) {
    this.last = last;
    this.from = from;
    this.state = 0;
    this.speed = 5;
    this.playing = false;
    this.listeners = [];
  }

  listen(listener) {
    this.listeners.push(listener);
  }

  go(state) {
    this.state = Math.max(0, Math.min(this.last, state));
    if (this.state === this.last) this.pause();
    this.tell();
  }

  tell() {
    for (const listener of this.listeners) listener(this.state);
  }

  toggle() {
    if (this.playing) {
      this.pause();
    } else {
      if (this.state === this.last) this.state = 0;
      this.playing = true;
      this.next = performance.now();
      const tick = (now) => {
        if (!this.playing) return;
        if (now >= this.next) {
          this.next = Math.max(this.next + 1000 / this.speed, now - 100);
          this.go(this.state + 1);
        }
        requestAnimationFrame(tick);
      };
      requestAnimationFrame(tick);
    }
    this.tell();
  }

  pause() {
    this.playing = false;
  }

  faster(by) {
    const at = SPEEDS.indexOf(this.speed) + by;
    this.speed = SPEEDS[Math.max(0, Math.min(SPEEDS.length - 1, at))];
    this.tell();
  }
}

/** What keys do, as people read it and as the page does it. */
function keysOf(player, jump) {
  return [
    ["←  →", "one step back, one on", { ArrowLeft: () => player.go(player.state - 1), ArrowRight: () => player.go(player.state + 1) }],
    ["Shift ←  →", "ten steps", { "Shift+ArrowLeft": () => player.go(player.state - 10), "Shift+ArrowRight": () => player.go(player.state + 10) }],
    ["Home  End", "the beginning, the end", { Home: () => player.go(0), End: () => player.go(player.last) }],
    ["Space", "play and pause", { " ": () => player.toggle() }],
    ["−  +", "slower, faster", { "-": () => player.faster(-1), "+": () => player.faster(1), "=": () => player.faster(1) }],
    ["n  N", "next unlock, the one before", { n: () => jump.unlock(1), "Shift+N": () => jump.unlock(-1) }],
    ["i  I", "next action without effect, the one before", { i: () => jump.invalid(1), "Shift+I": () => jump.invalid(-1) }],
    ["t  T", "next turn, the one before", { t: () => jump.turn(1), "Shift+T": () => jump.turn(-1) }],
    ["?", "these keys", { "Shift+?": () => jump.help(), "?": () => jump.help() }],
  ];
}

/** Listens to keys until the returned function is called. */
export function listenToKeys(player, jump, more = []) {
  const does = Object.assign({}, ...[...keysOf(player, jump), ...more].map(([, , keys]) => keys));
  const listener = (event) => {
    const { target, key } = event;
    if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
    const typing = target.matches?.("textarea, select, input:not([type=range])");
    const pressing = key === " " && target.matches?.("button, summary, a");
    if (typing || pressing) return;
    const wanted = does[event.shiftKey && (key.length > 1 || /[A-Z?]/.test(key)) ? `Shift+${key}` : key];
    if (!wanted) return;
    event.preventDefault();
    wanted();
  };
  document.addEventListener("keydown", listener);
  return () => document.removeEventListener("keydown", listener);
}

/** The list of keys, to be shown with `showModal`. */
export function keyHelp(player, jump, more = []) {
  const rows = [...keysOf(player, jump), ...more].map(([keys, what]) =>
    h("tr", {}, h("th", { scope: "row" }, h("kbd", {}, keys)), h("td", {}, what)));
  return h("dialog", { "aria-labelledby": "keys-title" },
    h("h2", { id: "keys-title" }, "Keys"),
    h("table", {}, h("tbody", {}, rows)),
    h("form", { method: "dialog" }, h("button", {}, "Close")));
}

/** The buttons, which say what they do. */
export function controls(player, jump) {
  const button = (sign, label, onclick) => h("button", { type: "button", title: label, "aria-label": label, onclick }, sign);
  const play = button(icon(ICONS.play), "Play (space)", () => player.toggle());
  const speed = h("output", { class: "speed", title: "Steps each second" });
  const place = h("output", { class: "place" });
  player.listen((state) => {
    fill(play, icon(player.playing ? ICONS.pause : ICONS.play));
    play.setAttribute("aria-label", player.playing ? "Pause (space)" : "Play (space)");
    speed.textContent = `${player.speed}/s`;
    place.textContent = `${player.from + state} of ${player.from + player.last}`;
  });
  return h("div", { class: "controls", role: "group", "aria-label": "Player" },
    button(icon(ICONS.first), "To the beginning (Home)", () => player.go(0)),
    button(icon(ICONS.back), "One step back (left arrow)", () => player.go(player.state - 1)),
    play,
    button(icon(ICONS.on), "One step on (right arrow)", () => player.go(player.state + 1)),
    button(icon(ICONS.last), "To the end (End)", () => player.go(player.last)),
    place,
    h("span", { class: "group" }, button("−", "Slower (-)", () => player.faster(-1)), speed, button("+", "Faster (+)", () => player.faster(1))),
    h("span", { class: "group" },
      h("button", { type: "button", title: "Next unlock (n)", onclick: () => jump.unlock(1) }, "Next unlock"),
      h("button", { type: "button", title: "Next action without effect (i)", onclick: () => jump.invalid(1) }, "Next invalid"),
      h("button", { type: "button", title: "Next turn (t)", onclick: () => jump.turn(1) }, "Next turn"),
      button("?", "Keys (?)", () => jump.help())));
}

/** Goes from one thing of interest to the next, in any of some films. */
export function jumper(player, films, help) {
  const nearest = (direction, test) => {
    const found = films.flatMap((film) => {
      const state = film.find(player.state - film.late, direction, test);
      return state === null ? [] : [film.place(state)];
    });
    if (found.length > 0) player.go(direction > 0 ? Math.min(...found) : Math.max(...found));
  };
  return {
    unlock: (direction) => nearest(direction, (step) => step.unlocked),
    invalid: (direction) => nearest(direction, (step) => step.invalid),
    turn: (direction) => {
      const [film] = films;
      const here = film.stepTo(film.here(player.state))?.turn;
      nearest(direction, (step) => step.turn !== here);
    },
    help,
  };
}

/** Outlines of the signs on buttons, in a square of 16. */
const ICONS = {
  first: "M8 3v10L2 8zM14 3v10L8 8z",
  back: "M13 3v10L6 8zM3 3h2v10H3z",
  play: "M4 2v12l10-6z",
  pause: "M4 3h3v10H4zM9 3h3v10H9z",
  on: "M3 3v10l7-5zM11 3h2v10h-2z",
  last: "M2 3v10l6-5zM8 3v10l6-5z",
};

const VITALS = 4;

/** A tile of the picture of tiles, as an element. */
export function itemPicture(place) {
  const picture = h("span", { class: "item", "aria-hidden": "true" });
  picture.style.backgroundPositionX = `calc(var(--item) * -${place})`;
  return picture;
}

/** The frame, what the player has, and what the step did. */
export class Stage {
  constructor(film, facts, tiles) {
    Object.assign(this, { film, facts, tiles, wantsExact: false });
    this.canvas = h("canvas", { class: "view", role: "img" });
    this.exact = h("img", { class: "exact", alt: "The frame as the world draws it", hidden: true });
    this.caption = h("p", { class: "caption", "aria-live": "off" });
    this.vitals = h("ul", { class: "vitals", "aria-label": "Vitals" });
    this.items = h("ul", { class: "items", "aria-label": "Inventory" });
    this.element = h("div", { class: "stage" }, h("div", { class: "frame" }, this.canvas, this.exact), this.caption, this.vitals, this.items);
  }

  show(wanted) {
    const { film } = this;
    const state = Math.min(wanted, film.last);
    const { at: [x, y], light, asleep, items } = film.states[state];
    const before = film.states[Math.max(0, state - 1)].items;
    drawView(this.canvas, this.tiles, film, state);
    const said = this.facts.items.map((name, place) => (items[place] > 0 ? `${words(name)} ${items[place]}` : null));
    this.canvas.setAttribute("aria-label", `Frame at step ${film.number(state)}, player at column ${x}, row ${y}. ${said.filter(Boolean).join(", ")}`);
    fill(this.caption, this.described(state, light, asleep));
    fill(this.vitals, items.slice(0, VITALS).map((amount, place) => this.vital(place, amount, before[place])));
    const owned = items.map((amount, place) => ({ amount, place })).slice(VITALS).filter(({ amount, place }) => amount > 0 || before[place] > 0);
    fill(this.items, owned.length === 0 ? h("li", { class: "dim" }, "Nothing in the inventory") : owned.map(({ amount, place }) => this.item(place, amount, before[place])));
  }

  described(state, light, asleep) {
    const step = this.film.stepTo(state);
    const hour = asleep ? "asleep" : light < 0.5 ? "night" : "day";
    const place = h("span", { class: "dim" }, `Step ${this.film.number(state)} · ${hour} · `);
    if (!step) return [place, h("span", {}, this.film.first_step > 0 ? "where it goes on from its parent" : "the beginning")];
    return [
      place,
      h("strong", {}, words(step.action)),
      h("span", { class: step.invalid ? "bad" : "" }, `: ${step.effect}`),
      step.reward ? h("span", { class: step.reward > 0 ? "good" : "bad" }, ` ${signed(step.reward)}`) : null,
      (step.unlocked ?? []).map((name) => [" ", achievement(this.facts, name)]),
    ];
  }

  vital(place, amount, before) {
    const name = this.facts.items[place];
    const pips = Array.from({ length: 9 }, (_, pip) => h("i", { class: pip < amount ? "full" : "" }));
    return h("li", { class: `${name}${amount <= 2 ? " low" : ""}`, title: `${words(name)}: ${amount} of 9` },
      itemPicture(place), h("span", { class: "name" }, words(name)), h("span", { class: "pips", "aria-hidden": "true" }, pips),
      h("span", { class: "amount" }, String(amount)), change(amount - before));
  }

  item(place, amount, before) {
    const name = words(this.facts.items[place]);
    return h("li", { title: `${name}: ${amount}` }, itemPicture(place), h("span", { class: "amount" }, String(amount)), h("span", { class: "name" }, name), change(amount - before));
  }
}

const change = (by) => (by === 0 ? null : h("span", { class: `change ${by > 0 ? "good" : "bad"}` }, signed(by, 0)));

/** A number with its sign. */
export function signed(value, digits = 1) {
  const amount = number(Math.abs(value), digits);
  return `${value < 0 && /[1-9]/.test(amount) ? "−" : "+"}${amount}`;
}

/** An achievement with its tier: E, M or H. */
export function achievement(facts, name) {
  const tier = facts.achievements.find((each) => each.name === name)?.tier ?? "other";
  return h("span", { class: `badge ${tier}`, title: `${tier} achievement` }, h("b", {}, tier[0].toUpperCase()), " ", quoted(words(name)));
}
