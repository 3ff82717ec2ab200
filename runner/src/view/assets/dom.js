// Makes elements. Text becomes text and never markup, wherever it came from.

/** An element with attributes, listeners (`onclick`) and children. */
export function h(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else if (key in element && typeof value !== "string") element[key] = value;
    else element.setAttribute(key, value === true ? "" : value);
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined));
  return element;
}

/** Text of somebody else's: set apart, so that its direction stays its own. */
export function quoted(text) {
  return h("bdi", {}, visible(text));
}

/** What is not to be seen, as `hides` in `output.rs` has it. */
const HIDDEN = new RegExp(
  "[\\u0000-\\u0008\\u000b-\\u001f\\u007f-\\u009f\\u00ad\\u061c\\u115f-\\u1160\\u17b4-\\u17b5\\u180b-\\u180f" +
  "\\u200b-\\u200f\\u2028-\\u202e\\u2060-\\u206f\\u3164\\ufeff\\uffa0\\ufff0-\\ufffb" +
  "\\u{1bca0}-\\u{1bca3}\\u{1d173}-\\u{1d17a}\\u{e0000}-\\u{e0fff}]", "gu");

/** More marks on one letter than any script has, which would tower over other text. */
const TOWERS = /(\p{M}{6})(\p{M}+)/gu;

/** Text in which nothing hides and that hides nothing: control characters, marks that turn
 * the direction of writing, and characters without a shape are shown by their numbers. */
export function visible(text) {
  return String(text)
    .replace(HIDDEN, (character) => `[U+${character.codePointAt(0).toString(16).toUpperCase().padStart(4, "0")}]`)
    .replace(TOWERS, (_, some, more) => `${some}[${[...more].length} more marks]`);
}

/** A longer text as it was written, cut where it is very long. */
export function block(text, className = "") {
  const most = 20_000;
  const shown = visible(String(text).replaceAll("\r\n", "\n"));
  const pre = h("pre", { class: className, dir: "auto" });
  if (shown.length <= most) {
    pre.append(shown);
    return pre;
  }
  pre.append(shown.slice(0, most));
  const rest = h("button", {
    type: "button",
    onclick: () => {
      pre.append(shown.slice(most));
      rest.remove();
    },
  }, `Show all ${shown.length.toLocaleString("en")} characters`);
  return h("div", {}, pre, rest);
}

/** What was opened and closed by hand, by title: it stays so wherever the part is shown
 * again. */
const folded = new Map();

/** A part that can be folded away. */
export function fold(title, open, ...children) {
  // A click comes before what it does; the event of having been done may come only after
  // the part was shown again.
  const turn = () => folded.set(title, !part.open);
  const part = h("details", { open: folded.get(title) ?? open }, h("summary", { onclick: turn }, title), children);
  return part;
}

/** A sign, drawn as one path in a square of 16. */
export function icon(outline) {
  const space = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(space, "svg");
  svg.setAttribute("viewBox", "0 0 16 16");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(space, "path");
  path.setAttribute("d", outline);
  svg.append(path);
  return svg;
}

/** Listens to changes between light and dark until the returned function is called. */
export function onTheme(listener) {
  const system = matchMedia("(prefers-color-scheme: dark)");
  document.addEventListener("themechange", listener);
  system.addEventListener("change", listener);
  return () => {
    document.removeEventListener("themechange", listener);
    system.removeEventListener("change", listener);
  };
}

/** Puts children into an element, in place of those it has. */
export function fill(element, ...children) {
  element.replaceChildren(...children.flat(Infinity).filter((child) => child !== null && child !== undefined));
  return element;
}
