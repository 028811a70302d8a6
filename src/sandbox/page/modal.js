// Forms that a bot opens.

import { el, isolated } from "./dom.js";

export function openModal(app, modal) {
  const before = document.activeElement;
  const title = el("h2", { id: "modal-title" }, isolated(modal.title));
  const inputs = modal.components.map((row, index) => {
    const one = row.components[0];
    const id = `modal-${index}`;
    const props = { id, name: one.custom_id, required: one.required !== false, minlength: one.min_length, maxlength: one.max_length ?? 4000, placeholder: one.placeholder, dir: "auto" };
    const input = one.style === 2 ? el("textarea", { ...props, rows: 5 }) : el("input", { ...props, type: "text" });
    input.value = one.value ?? "";
    return { one, input, row: el("p", { class: "labelled" }, el("label", { for: id }, isolated(one.label ?? one.custom_id), one.required === false ? " (optional)" : ""), input) };
  });
  const dialog = el("dialog", { "aria-labelledby": "modal-title", class: "modal" });
  const form = el("form", { method: "dialog" }, title, inputs.map(({ row }) => row),
    el("div", { class: "row end" }, el("button", { type: "button", class: "button plain", onclick: () => dialog.close() }, "Cancel"), el("button", { type: "submit", class: "button primary" }, "Submit")));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const components = inputs.map(({ one, input }) => ({ type: 1, components: [{ type: 4, custom_id: one.custom_id, value: input.value }] }));
    const end = await app.interactions.send(5, modal.channel_id, { id: modal.id, custom_id: modal.custom_id, components });
    // After a failure the text stays where it is, to be sent again.
    if (end !== "failure") dialog.close();
  });
  dialog.append(form);
  dialog.addEventListener("close", () => {
    dialog.remove();
    if (before?.isConnected) before.focus();
    else document.getElementById("write")?.focus();
  });
  document.body.append(dialog);
  dialog.showModal();
  inputs[0]?.input.focus();
}
