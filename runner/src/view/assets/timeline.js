// Draws an episode from its first step to its last: daylight, vitals, unlocks,
// actions without effect and turns. A click or the slider goes there.

import { h } from "./dom.js";
import { words } from "./format.js";

const LANES = { unlocks: 8, vitals: 22, bottom: 74, invalid: 78, turns: 88, height: 96 };
const VITAL_NAMES = ["health", "food", "drink", "energy"];

export class Timeline {
  constructor(film, facts, turns, player) {
    Object.assign(this, { film, facts, turns, player });
    this.canvas = h("canvas", { class: "timeline", "aria-hidden": "true" });
    this.slider = h("input", { type: "range", min: "0", max: String(film.last), value: "0", "aria-label": "Step" });
    this.slider.addEventListener("input", () => player.go(film.place(Number(this.slider.value))));
    const toPointer = (event) => {
      if (event.buttons !== 1 && event.type !== "pointerdown") return;
      const box = this.canvas.getBoundingClientRect();
      player.go(film.place(Math.round(((event.clientX - box.left) / box.width) * film.last)));
    };
    this.canvas.addEventListener("pointerdown", toPointer);
    this.canvas.addEventListener("pointermove", toPointer);
    this.canvas.addEventListener("pointermove", (event) => this.hint(event));
    const legend = [
      ...VITAL_NAMES.map((name) => h("li", { class: name }, name)),
      ...["easy", "medium", "hard"].map((tier) => h("li", { class: `dot ${tier}` }, `${tier} unlock`)),
      h("li", { class: "dot invalid" }, "no effect"),
    ];
    this.element = h("div", { class: "timeline-box" }, this.canvas, this.slider, h("ul", { class: "legend" }, legend));
    this.watch = new ResizeObserver(() => this.draw());
    this.watch.observe(this.canvas);
  }

  close() {
    this.watch.disconnect();
  }

  show(place) {
    const state = this.film.here(place);
    this.slider.value = String(state);
    const step = this.film.stepTo(state);
    this.slider.setAttribute("aria-valuetext", step ? `step ${this.film.number(state)}: ${words(step.action)}, ${step.effect}` : "the beginning");
    this.draw();
  }

  hint(event) {
    const box = this.canvas.getBoundingClientRect();
    const state = Math.max(0, Math.min(this.film.last, Math.round(((event.clientX - box.left) / box.width) * this.film.last)));
    const step = this.film.stepTo(state);
    this.canvas.title = step ? `Step ${this.film.number(state)}: ${words(step.action)}: ${step.effect}` : "The beginning";
  }

  /** Everything but the cursor is drawn once for each size and color of ink. */
  draw() {
    const width = this.canvas.clientWidth;
    if (width === 0) return;
    const scale = devicePixelRatio || 1;
    const key = `${width} ${scale} ${this.color("--ink")} ${this.film.last}`;
    if (this.drawn !== key) {
      this.drawn = key;
      this.picture = h("canvas", { width: Math.round(width * scale), height: Math.round(LANES.height * scale) });
      const context = this.picture.getContext("2d");
      context.scale(scale, scale);
      this.drawLanes(context, width);
      [this.canvas.width, this.canvas.height] = [this.picture.width, this.picture.height];
    }
    const context = this.canvas.getContext("2d");
    context.clearRect(0, 0, this.canvas.width, this.canvas.height);
    context.drawImage(this.picture, 0, 0);
    context.fillStyle = this.color("--ink");
    context.fillRect(this.x(this.film.here(this.player.state), width) * scale - scale, 0, 2 * scale, this.canvas.height);
  }

  x(state, width) {
    return this.film.last === 0 ? 0 : (state / this.film.last) * width;
  }

  color(name) {
    return getComputedStyle(this.canvas).getPropertyValue(name).trim();
  }

  drawLanes(context, width) {
    const { film } = this;
    film.states.forEach(({ light }, state) => {
      if (light >= 0.5 || state === 0) return;
      context.fillStyle = this.color("--night");
      context.globalAlpha = 0.35 + 0.65 * (1 - 2 * light);
      context.fillRect(this.x(state - 1, width), LANES.vitals - 4, this.x(1, width) + 0.5, LANES.bottom - LANES.vitals + 8);
    });
    context.globalAlpha = 1;
    VITAL_NAMES.forEach((name, place) => {
      context.strokeStyle = this.color(`--${name}`);
      context.lineWidth = name === "health" ? 2.5 : 1.3;
      context.beginPath();
      let last;
      film.states.forEach(({ items }, state) => {
        const y = LANES.bottom - (items[place] / 9) * (LANES.bottom - LANES.vitals) + (place - 1.5);
        if (state > 0) context.lineTo(this.x(state, width), last);
        context.lineTo(this.x(state, width), y);
        last = y;
      });
      context.stroke();
    });
    for (const { name, state } of film.unlocks()) {
      const tier = this.facts.achievements.find((each) => each.name === name)?.tier;
      const x = Math.max(5, Math.min(width - 5, this.x(state, width)));
      context.fillStyle = this.color(`--${tier}`);
      context.beginPath();
      context.arc(x, LANES.unlocks, 5, 0, 2 * Math.PI);
      context.fill();
      context.globalAlpha = 0.4;
      context.fillRect(x - 0.5, LANES.unlocks, 1, LANES.bottom - LANES.unlocks);
      context.globalAlpha = 1;
    }
    context.fillStyle = this.color("--bad");
    film.steps.forEach((step, at) => {
      if (step.invalid) context.fillRect(this.x(at + 1, width) - 0.75, LANES.invalid, 1.5, 7);
    });
    this.turns.forEach(({ steps: [first, end] }, place) => {
      context.fillStyle = this.color(place % 2 ? "--turn-a" : "--turn-b");
      context.fillRect(this.x(first, width), LANES.turns, this.x(end - first, width), 6);
    });
    // A turn that asked for nothing valid has no steps, but it can be seen, above the others.
    context.fillStyle = this.color("--bad");
    for (const { steps: [first, end], error } of this.turns) {
      if (error) context.fillRect(this.x(first, width) - 1, LANES.turns, Math.max(this.x(end - first, width), 3), 6);
    }
  }
}
