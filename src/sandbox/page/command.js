// A slash command being filled in: one labelled field for each option, with autocomplete.

import { el, isolated } from "./dom.js";
import { entities } from "./components.js";

const ENTITY = { 6: 5, 7: 8, 8: 6, 9: 7 };

/** Commands with their sub-commands as a flat list: {command, path, options, words, description}. */
export function flat(commands) {
  const out = [];
  const walk = (command, node, path) => {
    const below = (node.options ?? []).filter((one) => one.type === 1 || one.type === 2);
    if (!below.length) out.push({ command, path, options: node.options ?? [], words: [command.name, ...path.map((one) => one.name)].join(" "), description: node.description });
    for (const one of below) walk(command, one, [...path, one]);
  };
  for (const command of commands) walk(command, command, []);
  return out.sort((a, b) => (a.words < b.words ? -1 : 1));
}

/** The data of the interaction: the values inside their sub-commands. */
function dataOf({ command, path }, values) {
  const options = path.reduceRight((inner, { name, type }) => [{ name, type, options: inner }], values);
  return { id: command.id, name: command.name, type: 1, options };
}

/** A form for a command. `done()` is called when it was sent or given up. */
export function commandForm(app, chosen, done) {
  const fields = chosen.options.map((option, index) => field(app, chosen, option, `option-${index}`, () => values(true)));
  const values = (partial = false) => fields.map((one) => one.value(partial)).filter((one) => one !== null);
  const form = el("form", { class: "command", "aria-label": `/${chosen.words}` },
    el("p", { class: "command-name" }, el("strong", {}, `/${chosen.words}`), " ", el("span", { class: "quiet" }, isolated(chosen.description ?? ""))),
    el("div", { class: "options" }, fields.map((one) => one.node)),
    el("div", { class: "row end" }, el("button", { type: "button", class: "button plain", onclick: done }, "Cancel"), el("button", { type: "submit", class: "button primary" }, "Run")));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    app.interactions.send(2, app.channel, dataOf(chosen, values()));
    done();
  });
  form.addEventListener("keydown", (event) => { if (event.key === "Escape" && !event.defaultPrevented) done(); });
  return form;
}

function field(app, chosen, option, id, all) {
  const required = option.required === true;
  const props = { id, required };
  const none = required ? [] : [el("option", { value: "" }, "—")];
  let input;
  let extra = null;
  let choices = null;
  const pick = (list) => el("select", props, none, list.map(([value, name]) => el("option", { value }, name)));
  if (option.choices) input = pick(option.choices.map((one) => [String(one.value), one.name]));
  else if (option.type === 5) input = pick([["true", "True"], ["false", "False"]]);
  else if (ENTITY[option.type]) input = pick(entities(ENTITY[option.type], app));
  else {
    const number = option.type === 4 || option.type === 10;
    input = el("input", { ...props, type: number && !option.autocomplete ? "number" : "text", min: option.min_value, max: option.max_value, step: option.type === 10 ? "any" : null, minlength: option.min_length, maxlength: option.max_length, autocomplete: "off", dir: "auto" });
    if (option.autocomplete) ({ extra, choices } = autocomplete(app, chosen, option, input, all));
  }
  const node = el("p", { class: "labelled" }, el("label", { for: id, title: option.description }, option.name, required ? "" : " (optional)"), input, extra,
    el("span", { class: "small" }, isolated(option.description ?? "")));
  const value = (partial) => {
    if (input.value === "") return partial && document.activeElement === input ? { name: option.name, type: option.type, value: "", focused: true } : null;
    let given = choices?.get(input.value) ?? input.value;
    if (option.type === 5) given = given === "true";
    if ((option.type === 4 || option.type === 10) && document.activeElement !== input) given = Number(given);
    const told = { name: option.name, type: option.type, value: given };
    if (partial && document.activeElement === input) Object.assign(told, { focused: true, value: input.value });
    return told;
  };
  return { node, value };
}

/** A combo box whose list the bot fills. */
function autocomplete(app, chosen, option, input, all) {
  const choices = new Map();
  const list = el("ul", { role: "listbox", id: `${input.id}-list`, "aria-label": `Choices for ${option.name}`, class: "choices", hidden: true });
  for (const [name, value] of [["role", "combobox"], ["aria-autocomplete", "list"], ["aria-expanded", "false"], ["aria-controls", list.id]]) input.setAttribute(name, value);
  let active = -1;
  let asked = 0;
  const show = (open) => { list.hidden = !open; input.setAttribute("aria-expanded", String(open)); if (!open) mark(-1); };
  const mark = (index) => {
    active = index;
    [...list.children].forEach((one, at) => one.setAttribute("aria-selected", String(at === index)));
    if (index >= 0) { input.setAttribute("aria-activedescendant", list.children[index].id); list.children[index].scrollIntoView({ block: "nearest" }); } else input.removeAttribute("aria-activedescendant");
  };
  const take = (name) => { input.value = name; show(false); };
  const ask = async () => {
    const mine = ++asked;
    if (document.activeElement !== input) return;
    const offered = await app.interactions.send(4, app.channel, dataOf(chosen, all()));
    if (mine !== asked || !Array.isArray(offered) || document.activeElement !== input) return;
    list.replaceChildren(...offered.map((one, at) => {
      choices.set(one.name, one.value);
      const item = el("li", { role: "option", id: `${list.id}-${at}`, "aria-selected": "false" }, isolated(one.name));
      item.addEventListener("pointerdown", (event) => { event.preventDefault(); take(one.name); });
      return item;
    }));
    show(offered.length > 0);
  };
  let timer;
  const soon = () => { clearTimeout(timer); timer = setTimeout(ask, 150); };
  input.addEventListener("input", soon);
  input.addEventListener("focus", soon);
  input.addEventListener("blur", () => show(false));
  input.addEventListener("keydown", (event) => {
    const count = list.children.length;
    if (list.hidden || !count) return;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") mark((active + (event.key === "ArrowDown" ? 1 : count - (active < 0 ? 0 : 1))) % count);
    else if (event.key === "Enter" && active >= 0) take(list.children[active].textContent);
    else if (event.key === "Escape") show(false);
    else return;
    event.preventDefault();
  });
  return { extra: list, choices };
}
