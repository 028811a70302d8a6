// What goes over the wires, for people who develop bots.

import { byId, el, isolated } from "./dom.js";

const KEPT = 300;

export class Traffic {
  constructor(app) {
    this.app = app;
    this.panel = byId("traffic");
    this.list = el("ol", { tabindex: "0", "aria-label": "Events and requests, newest first" });
    this.after = 0;
    const close = el("button", { type: "button", class: "linklike", onclick: () => this.toggle(false) }, "Close");
    const drop = el("button", { type: "button", class: "button plain", id: "drop", onclick: () => app.gateway.drop() }, "Drop the gateway");
    this.panel.append(el("h2", {}, "Traffic"), el("p", { class: "small" }, "↓ events this member receives · ↑ requests of this page · 🤖 requests of the bot"), el("div", { class: "row" }, drop, close), this.list);
    this.button = byId("traffic-toggle");
    this.button.addEventListener("click", () => this.toggle(this.panel.hidden));
    this.panel.addEventListener("keydown", (event) => { if (event.key === "Escape") this.toggle(false); });
    setInterval(() => this.bot(), 1000);
  }

  toggle(open) {
    this.panel.hidden = !open;
    this.button.setAttribute("aria-expanded", String(open));
    if (open) this.bot();
    else this.button.focus();
  }

  add(kind, text, detail) {
    const mark = { event: "↓", page: "↑", bot: "🤖" }[kind];
    const line = detail === undefined
      ? el("li", { class: kind }, `${mark} `, isolated(text))
      : el("li", { class: kind }, el("details", {}, el("summary", {}, `${mark} `, isolated(text))));
    // The JSON is written out when it is asked for: most is never looked at.
    if (detail !== undefined) {
      line.firstChild.addEventListener("toggle", ({ target }) => {
        if (target.children.length === 1) target.append(el("pre", { tabindex: "0" }, JSON.stringify(detail, null, 1)));
      });
    }
    this.list.prepend(line);
    while (this.list.children.length > KEPT) this.list.lastChild.remove();
  }

  async bot() {
    if (this.panel.hidden || this.busy) return;
    this.busy = true;
    const key = new URLSearchParams(location.search).get("key") ?? "";
    try {
      const answer = await fetch(`/traffic?key=${encodeURIComponent(key)}&after=${this.after}`);
      const { seq, requests } = await answer.json();
      this.after = seq;
      for (const one of requests) this.add("bot", `${one.method} ${one.route} ${one.status}`);
    } catch {
      // The sandbox was stopped; the connection's state says so already.
    }
    this.busy = false;
  }
}
