// The page: one member at a time, on the sandbox's REST API, gateway and clock.

import { byId, el, isolated, problem } from "./dom.js";
import { Clock } from "./clock.js";
import { Composer } from "./composer.js";
import { Gateway } from "./gateway.js";
import { guide } from "./guide.js";
import { Interactions } from "./interactions.js";
import { Messages } from "./messages.js";
import { openModal } from "./modal.js";
import { Rest } from "./rest.js";
import { State } from "./state.js";
import { Traffic } from "./traffic.js";

const WORDS = { connecting: "Connecting…", connected: "", resumed: "", reconnecting: "Connection lost, reconnecting…", refused: "This token is not known any more: the sandbox was restarted. Open the address it printed." };

/** Types of channels that hold messages: text, direct, announcements. */
const TEXT = new Set([0, 1, 5]);

class App {
  constructor(place) {
    this.place = place;
    this.state = new State();
    this.traffic = new Traffic(this);
    this.interactions = new Interactions(this);
    this.composer = new Composer(this);
    this.clock = new Clock(this);
    this.messages = new Messages(this);
    this.state.addEventListener("channels", () => this.channels());
    this.state.addEventListener("typing", () => this.typing());
    setInterval(() => this.typing(), 1500);
    addEventListener("hashchange", () => this.route());
    byId("menu").addEventListener("click", () => this.menu(byId("menu").getAttribute("aria-expanded") !== "true"));
    document.addEventListener("keydown", (event) => { if (event.key === "Escape") this.menu(false); });
    guide(this);
    this.route();
  }

  /** The address says who one is and where: `#member/channel`, so that a reload or a second window works. */
  route() {
    const [who, where] = location.hash.slice(1).split("/");
    const { members } = this.place;
    const member = members.find((one) => one.id === who) ?? members.find((one) => !one.admin) ?? members[0];
    const channel = where || this.channel || this.place.study_channel_id;
    if (member.id !== this.member?.id) this.become(member, channel);
    else if (channel !== this.channel) this.show(channel);
  }

  go(member, channel) { location.hash = `${member}/${channel}`; }
  open(channel) { this.menu(false); this.go(this.member.id, channel); }

  become(member, channel) {
    this.gateway?.end();
    this.member = member;
    this.channel = channel;
    const { state } = this;
    Object.assign(state, { me: { id: member.id }, guild: null, channels: new Map(), messages: new Map(), typing: new Map() });
    this.rest = new Rest(member.token, (method, path, status) => this.traffic.add("page", `${method} ${path.replace(/\/interactions\/.*/, "/interactions/…")} ${status}`));
    byId("members").replaceChildren(...this.place.members.map((one) => el("button", { type: "button", "aria-pressed": String(one.id === member.id), onclick: () => this.go(one.id, this.channel) }, isolated(one.name), one.admin ? el("span", { class: "tag" }, "admin") : null)));
    const gateway = new Gateway(member.token, (type, data) => {
      if (gateway === this.gateway) this.hear(type, data);
    }, (status) => {
      if (gateway !== this.gateway) return;
      byId("connection").textContent = WORDS[status];
      document.body.dataset.connection = status;
    });
    this.gateway = gateway;
    gateway.connect();
  }

  hear(type, data) {
    this.traffic.add("event", type, data);
    this.interactions.hear(type, data);
    if (type === "INTERACTION_MODAL_CREATE") openModal(this, data);
    this.state.hear(type, data);
    if (type === "GUILD_CREATE") this.show(this.channel);
  }

  async show(id) {
    const { state } = this;
    let channel = state.channels.get(id);
    if (!channel) {
      // An archived thread is not in GUILD_CREATE.
      channel = await this.rest.get(`/channels/${id}`).catch(() => null);
      if (channel) state.put(channel, channel.guild_id);
    }
    if (!channel || !state.sees(channel)) {
      if (id === this.place.study_channel_id) return problem("This member does not see the study channel.");
      return this.open(this.place.study_channel_id);
    }
    this.channel = id;
    this.composer.plain();
    const mark = channel.thread_metadata ? "🧵" : "#";
    byId("channel-name").replaceChildren(`${mark} `, isolated(channel.name ?? "Direct message"));
    byId("topic").textContent = channel.topic ?? "";
    document.title = `${mark} ${channel.name ?? ""} · Studyhall sandbox`;
    this.channels();
    await this.messages.open(id);
  }

  channels() {
    const { state } = this;
    byId("guild-name").textContent = state.guild?.name ?? "Server";
    const seen = [...state.channels.values()].filter((one) => state.sees(one));
    const item = (one, mark) => {
      const button = el("button", { type: "button", "aria-current": one.id === this.channel ? "page" : null, onclick: () => this.open(one.id) }, `${mark} `, isolated(one.name ?? "Direct message"));
      const below = seen.filter((other) => other.thread_metadata && other.parent_id === one.id).sort((a, b) => (BigInt(a.id) < BigInt(b.id) ? 1 : -1)).slice(0, 12);
      return el("li", {}, button, below.length ? el("ul", {}, below.map((thread) => item(thread, "🧵"))) : null);
    };
    const top = seen.filter((one) => !one.thread_metadata && TEXT.has(one.type)).sort((a, b) => (a.position ?? 99) - (b.position ?? 99));
    byId("channels").replaceChildren(...top.map((one) => item(one, "#")));
  }

  typing() {
    const now = Date.now();
    const names = [...(this.state.typing.get(this.channel) ?? [])].filter(([, until]) => until > now).map(([id]) => this.state.name(id) ?? "Somebody");
    byId("typing").textContent = names.length ? `${names.join(", ")} ${names.length > 1 ? "are" : "is"} typing…` : "";
  }

  menu(open) {
    byId("menu").setAttribute("aria-expanded", String(open));
    byId("sidebar").classList.toggle("open", open);
  }

  /** Awaits a request whose refusal only has to be shown. */
  tried(promise) { return promise.catch((refused) => problem(refused.message)); }
}

new App(JSON.parse(byId("place").textContent));
