// Shows everything that was recorded in a turn: what the agent saw and was asked,
// what the model thought and answered, what became of it.

import { block, fill, fold, h, quoted, visible } from "./dom.js";
import { duration, money, number, plural, words } from "./format.js";
import { signed } from "./player.js";

/** The panel of one episode's turns. */
export class TurnPanel {
  constructor(source, id, film, turns, player) {
    Object.assign(this, { source, id, film, turns, player });
    this.element = h("section", { class: "turn", "aria-label": "Turn" });
    this.known = new Map();
  }

  /** Goes on with what was recorded since. What is shown stays until the new is there. */
  renew(film, turns, player) {
    Object.assign(this, { film, turns, player, shown: undefined });
    this.known.clear();
  }

  /** Shows the turn in which the step to a state was. */
  async show(state) {
    const number = this.turnAt(state);
    if (number === this.shown) return this.mark(state);
    this.shown = number;
    const content = await this.content(number).catch((problem) => ({ problem }));
    // Another turn may have been asked for meanwhile.
    if (this.shown !== number) return undefined;
    if (content.problem) fill(this.element, h("p", { class: "bad" }, content.problem.message));
    else this.fill(number, content);
    this.mark(this.player.state);
    const next = this.turns[this.turns.findIndex(({ turn }) => turn === number) + 1];
    if (next) this.content(next.turn).catch(() => this.known.delete(next.turn));
    return undefined;
  }

  /** Shows a turn, also one in which nothing valid was asked for: it has no step of its own
   * and is found at the state it was asked in. */
  open(turn) {
    const { steps: [first, end] } = this.turns.find((line) => line.turn === turn);
    this.opened = end > first ? null : { turn, state: first };
    this.player.go(end > first ? first + 1 : first);
  }

  /** Shows the turn after this one, or before. */
  next(direction) {
    const line = this.turns[this.turns.findIndex(({ turn }) => turn === this.shown) + direction];
    if (line) this.open(line.turn);
  }

  turnAt(state) {
    if (this.opened?.state === state) return this.opened.turn;
    this.opened = null;
    const turn = this.film?.stepTo(Math.min(state, this.film.last))?.turn;
    return turn ?? this.turns.find(({ steps: [, end] }) => end > state)?.turn ?? this.turns[0]?.turn ?? "outside";
  }

  content(number) {
    if (!this.known.has(number)) {
      if (this.known.size > 50) this.known.clear();
      this.known.set(number, this.source.turn(this.id, number));
    }
    return this.known.get(number);
  }

  fill(number_, { messages, events, started }) {
    const line = this.turns.find(({ turn }) => turn === number_);
    const payload = (type) => messages.filter(({ record }) => record.message_type === type).map(({ record }) => record.content.payload);
    const of = (type) => events.filter(({ record }) => record.event_type === type);
    const calls = of("cais");
    const held = this.element.contains(document.activeElement) ? document.activeElement.textContent : null;
    fill(this.element,
      this.head(number_, line, calls, started),
      this.problems(events),
      payload("llm_completion").map((reply) => this.reply(reply)),
      this.actions(line),
      this.attempts(calls),
      this.hooks(events),
      payload("observation").length > 0 ? fold("Observation", true, payload("observation").map(observation)) : null,
      payload("llm_prompt").length > 0 ? fold("Prompt", false, payload("llm_prompt").map(prompt)) : null,
      fold("Messages", false, messages.map(message)),
      fold("Events", false, events.map(event)),
      this.bodies(calls));
    if (held) [...this.element.querySelectorAll("summary, button")].find(({ textContent }) => textContent === held)?.focus({ preventScroll: true });
  }

  head(number_, line, calls, started) {
    const model = calls.map(({ record }) => record.model_name).find(Boolean);
    const [first, end] = line?.steps ?? [0, 0];
    const steps = end > first ? (end > first + 1 ? `steps ${this.film.number(first + 1)} to ${this.film.number(end)}` : `step ${this.film.number(end)}`) : "no steps";
    const facts = [
      line && this.film ? steps : null,
      line?.prompt_tokens || line?.completion_tokens ? `${number(line.prompt_tokens)} + ${number(line.completion_tokens)} tokens` : null,
      line?.cost ? money(line.cost) : null,
      line?.latency_ms !== null && line?.latency_ms !== undefined ? duration(line.latency_ms) : null,
      line?.failed_attempts ? plural(line.failed_attempts, "failed attempt") : null,
    ].filter(Boolean);
    return h("header", {},
      h("h2", {}, number_ === "outside" ? "Outside of turns" : `Turn ${number_}`),
      h("p", { class: "dim" }, model ? [quoted(model), " · "] : null, facts.join(" · "), started ? ` · ${started.slice(11, 19)} UTC` : null));
  }

  problems(events) {
    const errors = events.map(({ record }) => record.system_state_after?.error).filter(Boolean);
    return errors.map((error) => h("p", { class: "problem" }, h("strong", {}, visible(error.type ?? "error")), ": ", quoted(error.message ?? JSON.stringify(error))));
  }

  reply({ text, reasoning, tool_calls: calls = [], finish_reason: reason }) {
    const read = calls.map((call) => ({ call, args: parsed(call.arguments) }));
    const given = read.map(({ args }) => args?.reasoning).filter((each) => typeof each === "string" && each !== "");
    return h("div", { class: "reply" },
      reasoning ? [h("h3", {}, "Reasoning"), block(reasoning, "prose")] : null,
      text ? [h("h3", {}, "Reply"), block(text, "prose")] : null,
      given.length > 0 ? [h("h3", {}, "Reasons given with the call"), given.map((each) => block(each, "prose"))] : null,
      calls.length > 0 ? [h("h3", {}, "Tool call"), read.map(({ call, args }) => toolCall(call, args))] : null,
      calls.length === 0 && !text ? h("p", { class: "dim" }, "The reply is empty.") : null,
      reason && !["stop", "tool_calls"].includes(reason) ? h("p", { class: "dim" }, "Finish reason: ", quoted(reason)) : null);
  }

  actions(line) {
    const [first, end] = line?.steps ?? [0, 0];
    if (!this.film || end === first) return null;
    const list = this.film.steps.slice(first, end).map((step, at) => {
      const state = first + at + 1;
      return h("li", { class: step.invalid ? "invalid" : "", "data-state": String(state) },
        h("button", { type: "button", onclick: () => this.player.go(state) },
          h("span", { class: "dim" }, String(this.film.number(state))), " ", h("strong", {}, words(step.action)), " ",
          h("span", {}, step.effect),
          step.invalid ? h("span", { class: "badge bad" }, words(step.invalid)) : null,
          step.reward ? h("span", { class: step.reward > 0 ? "good" : "bad" }, ` ${signed(step.reward)}`) : null,
          (step.unlocked ?? []).map((name) => h("span", { class: "badge good" }, words(name)))));
    });
    return fold("Actions", true, h("ol", { class: "actions" }, list));
  }

  attempts(calls) {
    const failed = calls.flatMap(({ record }) => record.llm_call_records ?? []).flatMap((call) => call.failed_attempts ?? []);
    if (failed.length === 0) return null;
    return fold("Failed attempts", true, h("ul", {}, failed.map(({ error, status, waited_ms: waited }) =>
      h("li", {}, status && !String(error).includes(status) ? `${status}: ` : "", quoted(error), h("span", { class: "dim" }, ` then waited ${duration(waited)}`)))));
  }

  hooks(events) {
    const results = events.flatMap(({ record }) => record.event_metadata ?? []);
    if (results.length === 0) return null;
    return fold("Hook results", true, h("ul", { class: "hooks" }, results.map(({ code, description, hook_name: name }) =>
      h("li", {}, h("b", { class: `code ${code}`, title: visible(name) }, visible(code)), " ", quoted(description)))));
  }

  bodies(calls) {
    const records = calls.flatMap(({ record }) => record.llm_call_records ?? []).filter(({ request, response }) => request || response);
    if (records.length === 0) return null;
    return fold("Request and response", false, records.map(({ request, response }) => [
      h("h3", {}, "Request"), block(JSON.stringify(request, null, 2) ?? "none"),
      h("h3", {}, "Response"), block(JSON.stringify(response, null, 2) ?? "none")]));
  }

  /** Marks the action that led to a state. */
  mark(state) {
    for (const item of this.element.querySelectorAll(".actions li")) {
      const here = item.dataset.state === String(state);
      item.classList.toggle("here", here);
      if (here) item.firstChild.setAttribute("aria-current", "step");
      else item.firstChild.removeAttribute("aria-current");
    }
  }
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function toolCall({ name, arguments: text }, args) {
  if (args === null || typeof args !== "object") return block(`${name} ${text}`);
  const { reasoning, ...rest } = args;
  const shown = Object.entries(rest).map(([key, value]) => `${key}: ${Array.isArray(value) ? value.join(", ") : JSON.stringify(value)}`);
  return block(`${name}\n  ${shown.join("\n  ")}`);
}

const observation = ({ text, format, digest }) => [
  text === undefined ? null : block(text),
  h("p", { class: "dim small" }, format ? `Format ${visible(format)}` : "", digest ? ` · state ${visible(digest).slice(0, 12)}…` : "")];

const prompt = ({ messages = [], conversation_length: length }) => [
  h("p", { class: "dim small" }, `${plural(messages.length, "new message")} in a conversation of ${number(length)}`),
  messages.map(({ role, content, tool_calls: calls }) => [
    h("h3", {}, visible(role ?? "message")),
    block(typeof content === "string" ? content : JSON.stringify(content ?? calls ?? null, null, 2))])];

const message = ({ record, seq }) => h("div", { class: "record" },
  h("h3", {}, `${seq} · `, quoted(words(record.message_type)), h("span", { class: "dim" }, " ", quoted(record.source_id), " → ", quoted(record.target_id))),
  block(JSON.stringify(record.content?.payload, null, 2) ?? ""));

function event({ record, seq }) {
  const { event_type: type, system_instance_id: system, ...rest } = record;
  delete rest.llm_call_records;
  return h("div", { class: "record" }, h("h3", {}, `${seq} · ${type} `, h("span", { class: "dim" }, quoted(system))), block(JSON.stringify(rest, null, 2)));
}
