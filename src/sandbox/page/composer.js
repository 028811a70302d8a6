// Where a member writes: plain messages, replies, edits, and slash commands from a list.

import { byId, el, isolated, problem } from "./dom.js";
import { commandForm, flat } from "./command.js";

export class Composer {
  constructor(app) {
    this.app = app;
    this.place = byId("composer");
    this.mode = el("p", { class: "mode", hidden: true });
    this.text = el("textarea", { id: "write", rows: 1, maxlength: 4000, dir: "auto", "aria-label": "Message", role: "combobox", "aria-autocomplete": "list", "aria-expanded": "false", "aria-controls": "commands", placeholder: "Message, or / for commands" });
    this.list = el("ul", { id: "commands", role: "listbox", "aria-label": "Commands", class: "choices up", hidden: true });
    this.form = el("form", { class: "writing" }, this.mode, this.list, el("div", { class: "line" }, this.text, el("button", { type: "submit", class: "button primary" }, "Send")));
    this.form.addEventListener("submit", (event) => { event.preventDefault(); this.send(); });
    this.text.addEventListener("input", () => this.typed());
    this.text.addEventListener("keydown", (event) => this.key(event));
    this.place.append(this.form);
    this.commands = [];
    this.active = 0;
    this.told = 0;
  }

  async typed() {
    this.text.rows = Math.min(8, this.text.value.split("\n").length);
    if (this.text.value.startsWith("/") && !this.text.value.includes("\n")) {
      if (!this.loading) this.loading = this.app.interactions.commands(1).then(flat).finally(() => { this.loading = null; });
      try { this.commands = await this.loading ?? this.commands; } catch (refused) { problem(refused.message); }
      this.suggest();
    } else {
      this.hide();
      if (this.text.value && Date.now() - this.told > 8000) {
        this.told = Date.now();
        this.app.rest.post(`/channels/${this.app.channel}/typing`).catch(() => {});
      }
    }
  }

  suggest() {
    const words = this.text.value.slice(1).trimStart().toLowerCase();
    if (!this.text.value.startsWith("/")) return this.hide();
    this.fitting = this.commands.filter((one) => one.words.includes(words)).sort((a, b) => Number(b.words.startsWith(words)) - Number(a.words.startsWith(words)));
    this.active = 0;
    this.list.replaceChildren(...this.fitting.map((one, at) => {
      const item = el("li", { role: "option", id: `command-${at}`, "aria-selected": String(at === 0) }, el("strong", {}, `/${one.words}`), " ", isolated(one.description ?? "", { class: "quiet" }));
      item.addEventListener("pointerdown", (event) => { event.preventDefault(); this.choose(one); });
      return item;
    }));
    this.list.hidden = !this.fitting.length;
    this.text.setAttribute("aria-expanded", String(!this.list.hidden));
    this.mark(0);
  }

  mark(index) {
    this.active = index;
    [...this.list.children].forEach((one, at) => one.setAttribute("aria-selected", String(at === index)));
    const item = this.list.children[index];
    if (item) { this.text.setAttribute("aria-activedescendant", item.id); item.scrollIntoView({ block: "nearest" }); }
  }

  hide() {
    this.list.hidden = true;
    this.text.setAttribute("aria-expanded", "false");
    this.text.removeAttribute("aria-activedescendant");
  }

  key(event) {
    const count = this.list.children.length;
    if (!this.list.hidden && count) {
      if (event.key === "ArrowDown") this.mark((this.active + 1) % count);
      else if (event.key === "ArrowUp") this.mark((this.active + count - 1) % count);
      else if (event.key === "Enter" || event.key === "Tab") this.choose(this.fitting[this.active]);
      else if (event.key === "Escape") this.hide();
      else return;
      event.preventDefault();
    } else if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      this.send();
    } else if (event.key === "Escape") {
      this.plain();
    }
  }

  choose(one) {
    this.hide();
    this.text.value = "";
    const form = commandForm(this.app, one, () => this.restore());
    this.form.hidden = true;
    this.place.querySelector(".command")?.remove();
    this.place.append(form);
    (form.querySelector("input, select") ?? form.querySelector("[type=submit]")).focus();
  }

  restore() {
    this.place.querySelector(".command")?.remove();
    this.form.hidden = false;
    this.text.focus();
  }

  prefill(text) {
    this.restore();
    this.text.value = text;
    this.typed();
  }

  reply(message) { this.target({ reply: message }, "Replying to ", this.app.state.authorName(message)); }

  edit(message) {
    this.target({ edit: message }, "Editing your message", "");
    this.text.value = message.content;
  }

  target(target, words, name) {
    this.restore();
    this.to = target;
    this.mode.hidden = false;
    this.mode.replaceChildren(words, isolated(name), " ", el("button", { type: "button", class: "linklike", onclick: () => this.plain() }, "Cancel"));
    this.text.focus();
  }

  plain() {
    if (this.to?.edit) this.text.value = "";
    this.to = null;
    this.mode.hidden = true;
  }

  async send() {
    const content = this.text.value.trim();
    if (!content) return;
    const { app, to } = this;
    const path = `/channels/${app.channel}/messages`;
    try {
      if (to?.edit) await app.rest.request("PATCH", `${path}/${to.edit.id}`, { content });
      else await app.rest.post(path, { content, ...(to?.reply ? { message_reference: { message_id: to.reply.id } } : {}) });
      // Only what was sent is cleared: a refused text stays to be mended.
      this.text.value = "";
      this.text.rows = 1;
      this.plain();
    } catch (refused) {
      problem(refused.message);
    }
  }
}
