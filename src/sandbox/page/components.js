// Buttons and select menus of a message.

import { el, isolated } from "./dom.js";

const STYLES = { 1: "primary", 2: "plain", 3: "good", 4: "bad", 5: "plain" };
const emoji = (one) => (one.emoji?.name ? `${one.emoji.name} ` : "");

export function components(message, app) {
  const act = async (control, data) => {
    control.setAttribute("aria-busy", "true");
    await app.interactions.send(3, message.channel_id, data, message.id);
    control.removeAttribute("aria-busy");
  };
  return (message.components ?? []).filter((row) => row.type === 1).map((row) => el("div", { class: "row" }, row.components.map((one) => {
    if (one.type === 2 && one.style === 5) {
      const safe = /^https?:\/\//.test(one.url ?? "");
      return el("a", { class: "button plain", href: safe ? one.url : null, rel: "noopener noreferrer", target: "_blank" }, emoji(one), isolated(one.label ?? "Link"));
    }
    if (one.type === 2) {
      const button = el("button", { type: "button", class: `button ${STYLES[one.style] ?? "plain"}`, disabled: one.disabled, "data-id": one.custom_id, "aria-label": one.label ? null : one.emoji?.name },
        emoji(one), isolated(one.label ?? ""));
      button.addEventListener("click", () => act(button, { component_type: 2, custom_id: one.custom_id }));
      return button;
    }
    return select(one, act, app);
  })));
}

function select(one, act, app) {
  const label = one.placeholder || "Choose";
  const options = one.type === 3
    ? one.options
    : entities(one.type, app).map(([value, name]) => ({ value, label: name }));
  const several = (one.max_values ?? 1) > 1;
  const send = (box) => {
    const values = [...box.selectedOptions].map((o) => o.value).filter((v) => v !== "");
    if (values.length >= (one.min_values ?? 1)) act(box, { component_type: one.type, custom_id: one.custom_id, values });
  };
  const box = el("select", { "aria-label": label, disabled: one.disabled, multiple: several, size: several ? Math.min(6, options.length) : null, "data-id": one.custom_id },
    several ? [] : el("option", { value: "" }, label),
    options.map((o) => el("option", { value: o.value, selected: o.default === true }, `${emoji(o)}${o.label}${o.description ? ` — ${o.description}` : ""}`)));
  if (!several) {
    box.addEventListener("change", () => send(box));
    return box;
  }
  return [box, el("button", { type: "button", class: "button primary", onclick: () => send(box) }, "Choose")];
}

/** What a select of users (5), roles (6), both (7) or channels (8) offers, as [id, name]. */
export function entities(type, app) {
  const { state } = app;
  const users = [...state.members.keys()].map((id) => [id, state.name(id)]);
  const roles = [...state.roles.values()].map((role) => [role.id, role.name]);
  if (type === 5) return users;
  if (type === 6) return roles;
  if (type === 7) return [...users, ...roles];
  return [...state.channels.values()].filter((one) => state.sees(one)).map((one) => [one.id, `#${one.name}`]);
}
