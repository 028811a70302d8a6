// The bar with the study time: now, speed, and two jumps.

import { byId, el, problem } from "./dom.js";
import { renew } from "./markdown.js";

export class Clock {
  constructor(app) {
    this.app = app;
    Object.assign(this, { base: Date.now(), at: performance.now(), speed: null });
    this.face = el("time", { id: "now" }, "…");
    this.rate = el("span", { class: "quiet", id: "speed" });
    this.buttons = app.place.clock_moves ? [
      el("button", { type: "button", id: "to-close", onclick: () => this.toClose() }, "Jump to the close"),
      el("button", { type: "button", id: "to-tomorrow", onclick: () => this.advance(86400) }, "Jump to tomorrow"),
    ] : [];
    byId("clock").append(this.face, this.rate, ...this.buttons);
    this.read();
    setInterval(() => this.read(), 2000);
    setInterval(() => this.show(), 500);
  }

  /** Study time in milliseconds, run on from the last reading. */
  now() { return this.base + (performance.now() - this.at) * (this.speed ?? 0); }

  async read() {
    if (this.moving) return;
    const from = performance.now();
    const answer = await fetch("/clock").catch(() => null);
    if (!answer?.ok || this.moving) return;
    this.take(Date.parse((await answer.json()).now), (from + performance.now()) / 2);
  }

  take(now, at) {
    // The speed is measured, since it can be changed by others: between two readings.
    const passed = at - this.at;
    const measured = (now - this.base) / passed;
    if (this.read1 && passed > 1000 && measured < 1e5) this.speed = measured < 0.05 ? 0 : Math.round(measured * 10) / 10;
    this.read1 = true;
    Object.assign(this, { base: now, at });
    this.show();
  }

  show() {
    const date = new Date(this.now());
    this.face.dateTime = date.toISOString();
    this.face.textContent = `${date.toLocaleDateString("en-GB", { weekday: "short", day: "numeric", month: "short", timeZone: "UTC" })} ${date.toISOString().slice(11, 19)} UTC`;
    this.rate.textContent = this.speed === null ? "" : this.speed === 0 ? "stands still" : `× ${this.speed}`;
    renew(byId("log"), this.now());
  }

  /** The next instant that the newest question names: its close. */
  toClose() {
    const { app } = this;
    const cards = [...app.state.of(app.place.study_channel_id).values()].filter((one) => one.author.bot && one.type === 0);
    const instants = cards.flatMap((one) => [...JSON.stringify([one.content, one.embeds]).matchAll(/<t:(\d{1,12})/g)].map(([, s]) => Number(s) * 1000));
    const next = Math.min(...instants.filter((ms) => ms > this.now()));
    if (!Number.isFinite(next)) return problem("No question is open in the study channel. Open that channel first, or jump to tomorrow.");
    return this.advance(Math.max(0, (next - this.now()) / 1000) + 1);
  }

  async advance(seconds) {
    this.moving = true;
    for (const one of this.buttons) one.disabled = true;
    this.face.textContent = "Time flies…";
    const answer = await fetch("/clock", { method: "POST", headers: { "content-type": "application/json", authorization: `Bearer ${this.app.place.key}` }, body: JSON.stringify({ advance_s: seconds }) }).catch(() => null);
    this.app.traffic.add("page", `POST /clock ${answer?.status ?? "—"}`);
    for (const one of this.buttons) one.disabled = false;
    this.moving = false;
    if (!answer?.ok) return problem("The clock could not be moved.");
    this.read1 = false;
    this.take(Date.parse((await answer.json()).now), performance.now());
  }
}
