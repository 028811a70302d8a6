// Elements made without markup: texts are texts, whatever they contain.

/** An element with properties (`class`, `on…` handlers, attributes) and children (nodes or texts). */
export function el(name, props = {}, ...children) {
  const element = document.createElement(name);
  // Before the properties: an element with `dir=auto` looks through all of its text for each child added.
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined));
  for (const [key, value] of Object.entries(props)) {
    if (value === undefined || value === null || value === false) continue;
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else element.setAttribute(key === "className" ? "class" : key, value === true ? "" : value);
  }
  return element;
}

/** A text whose writing direction cannot reach out of it. */
export const isolated = (text, props = {}) => el("bdi", props, text);

export const byId = (id) => document.getElementById(id);

/** Says what went wrong, for a while. */
export function problem(text) {
  const place = byId("problem");
  place.textContent = text;
  clearTimeout(problem.timer);
  problem.timer = setTimeout(() => { place.textContent = ""; }, 8000);
}
