// The log of one channel: messages as Discord shows them.

import { byId, el, isolated, problem } from "./dom.js";
import { components } from "./components.js";
import { inline, markdown } from "./markdown.js";

const PAGE = 50;
/** Messages that are read at a time, and how many of those come into the document at once. */
const READ = 100;
const STEP = 50;
/** Messages in the document at once: of a long channel the part around the reader. */
const MOST = 300;
const QUICK = ["👍", "❤️", "😄", "🎉", "🤔", "✅"];
const SYSTEM = { 6: "pinned a message.", 7: "joined the server.", 18: "started a thread." };

export class Messages {
  constructor(app) {
    this.app = app;
    this.log = byId("log");
    this.nodes = new Map();
    this.dismissed = new Set();
    app.state.addEventListener("message", ({ detail: { message, news } }) => this.arrived(message, news));
    app.state.addEventListener("gone", ({ detail }) => { this.nodes.get(detail.id)?.remove(); this.nodes.delete(detail.id); });
    this.log.addEventListener("scroll", () => {
      if (this.log.scrollTop < 80) this.older();
      else if (this.below && this.log.scrollHeight - this.log.scrollTop - this.log.clientHeight < 400) this.newer();
    });
    this.log.addEventListener("click", ({ target }) => {
      const mention = target.closest?.("[data-channel], [data-command]");
      if (mention?.dataset.channel) app.open(mention.dataset.channel);
      else if (mention) app.composer.prefill(`/${mention.textContent.slice(1)}`);
    });
  }

  look() {
    const { state } = this.app;
    return {
      user: (id) => state.name(id),
      role: (id) => state.roles.get(id)?.name,
      channel: (id) => state.channels.get(id)?.name,
      now: () => this.app.clock.now(),
    };
  }

  async open(channel) {
    this.channel = channel;
    this.nodes.clear();
    this.first = false;
    this.busy = true;
    this.log.replaceChildren(el("p", { class: "quiet" }, "Loading…"));
    let read = [];
    try {
      read = await this.app.rest.get(`/channels/${channel}/messages?limit=${PAGE}`);
    } catch (refused) {
      problem(refused.message);
    }
    if (this.channel !== channel) return;
    this.busy = false;
    this.first = read.length < PAGE;
    this.app.state.read(channel, read);
    // Reading a page of messages aloud at once helps nobody; only what comes from now on is news.
    this.log.setAttribute("aria-live", "off");
    this.fill();
    this.toEnd();
    requestAnimationFrame(() => this.log.setAttribute("aria-live", "polite"));
  }

  /** Goes to the newest message: again for some frames, as what was never in sight gets its height late. */
  toEnd(frames = 5) {
    this.log.scrollTop = this.log.scrollHeight;
    if (frames > 0) requestAnimationFrame(() => this.toEnd(frames - 1));
  }

  /** What is known of the channel, oldest first. */
  known() {
    return [...this.app.state.of(this.channel).values()].filter((one) => !this.dismissed.has(one.id));
  }

  /** The newest of it. */
  fill() {
    this.nodes.clear();
    /** Whether newer messages than those in the document are known. */
    this.below = false;
    this.log.replaceChildren(this.top(), ...this.known().slice(-STEP).map((one) => this.node(one)));
  }

  top(above = this.known().length > STEP) {
    if (above || !this.first) return el("button", { type: "button", class: "button plain earlier", onclick: () => this.older() }, "Load earlier messages");
    return el("p", { class: "quiet" }, "This is the beginning.");
  }

  /** Known messages beside the first (-1) or the last (1) one in the document. */
  beside(side) {
    const list = this.known();
    const edge = side < 0 ? this.log.querySelector("article") : this.log.lastElementChild;
    const at = list.findIndex((one) => one.id === edge?.dataset.message);
    if (at < 0) return side < 0 ? list.slice(-STEP) : [];
    return side < 0 ? list.slice(Math.max(0, at - STEP), at) : list.slice(at + 1, at + 1 + STEP);
  }

  /** Takes messages out of the document at one end until there are not too many. */
  trim(side) {
    const shown = [...this.log.querySelectorAll("article")];
    const over = Math.max(0, shown.length - MOST);
    const gone = side < 0 ? shown.slice(0, over) : shown.slice(shown.length - over);
    for (const node of gone) {
      // What the keyboard is on stays.
      if (node.contains(document.activeElement)) continue;
      this.nodes.delete(node.dataset.message);
      node.remove();
    }
    return gone.length > 0;
  }

  /** Changes the document above the reader, who stays where he is; reading it aloud would help nobody. */
  quietly(change) {
    const below = this.log.scrollHeight - this.log.scrollTop;
    this.log.setAttribute("aria-live", "off");
    change();
    this.log.scrollTop = this.log.scrollHeight - below;
    requestAnimationFrame(() => this.log.setAttribute("aria-live", "polite"));
  }

  async older() {
    if (this.busy || !this.channel) return;
    this.busy = true;
    const channel = this.channel;
    try {
      if (!this.beside(-1).length && !this.first) {
        const oldest = this.known().find((one) => !(one.flags & 64));
        const read = await this.app.rest.get(`/channels/${channel}/messages?limit=${READ}${oldest ? `&before=${oldest.id}` : ""}`);
        if (channel !== this.channel) return;
        this.first = read.length < READ;
        this.app.state.read(channel, read);
      }
      const above = this.beside(-1);
      this.quietly(() => {
        this.log.firstChild.after(...above.map((one) => this.node(one)));
        this.log.firstChild.replaceWith(this.top(this.beside(-1).length > 0));
      });
      if (this.trim(1)) this.below = true;
    } catch (refused) {
      problem(refused.message);
    } finally {
      this.busy = false;
    }
  }

  newer() {
    const below = this.beside(1);
    this.log.setAttribute("aria-live", "off");
    this.log.append(...below.map((one) => this.node(one)));
    this.below = this.beside(1).length > 0;
    this.quietly(() => {
      if (this.trim(-1)) this.log.firstChild.replaceWith(this.top(true));
    });
  }

  arrived(message, news) {
    if (message.channel_id !== this.channel || this.dismissed.has(message.id)) return;
    const low = this.log.scrollHeight - this.log.scrollTop - this.log.clientHeight < 120;
    const old = this.nodes.get(message.id);
    // One's own message, or the answer that only oneself gets, is where one looks next.
    const sought = message.author.id === this.app.state.me.id || (news && !old && message.flags & 64);
    if (old) {
      // The keyboard's place survives an edit: the same control of the new message gets it.
      const focused = old.contains(document.activeElement) ? document.activeElement.dataset.id : null;
      const node = this.node(message);
      old.replaceWith(node);
      if (focused) [...node.querySelectorAll("[data-id]")].find((one) => one.dataset.id === focused)?.focus();
    } else if (news && this.below && sought) {
      this.fill();
    } else if (news && !this.below) {
      this.log.append(this.node(message));
      if (low && this.trim(-1)) this.log.firstChild.replaceWith(this.top(true));
    }
    if (low || sought) this.toEnd();
  }

  node(message) {
    const { app } = this;
    const { state } = app;
    const mine = message.author.id === state.me?.id;
    const name = state.authorName(message);
    const date = new Date(message.timestamp);
    const secret = (message.flags & 64) !== 0;
    const system = SYSTEM[message.type];
    const body = el("div", { class: "body" });
    const head = el("div", { class: "by" }, isolated(name, { class: `author c${Number(BigInt(message.author.id) % 6n)}` }),
      message.author.bot ? el("span", { class: "tag" }, "BOT") : null,
      el("time", { datetime: message.timestamp, title: date.toString() }, date.toLocaleString("en-GB", { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" })),
      message.edited_timestamp ? el("span", { class: "quiet" }, "(edited)") : null);
    const reply = message.referenced_message;
    if (reply && message.type === 19) body.append(el("p", { class: "reply" }, "↪ ", isolated(state.authorName(reply)), ": ", el("bdi", {}, inline(short(reply.content || reply.embeds?.[0]?.title || "a message"), this.look(), false))));
    if (message.type === 20 && message.interaction_metadata) {
      const user = message.interaction_metadata.user;
      body.append(el("p", { class: "reply" }, "↪ ", isolated(state.name(user?.id) ?? user?.username ?? ""), " used a command"));
    }
    body.append(head);
    if (message.flags & 128) body.append(el("p", { class: "quiet" }, "Thinking…"));
    if (system) body.append(el("p", { class: "quiet" }, system));
    if (message.content && !system) body.append(el("div", { class: "text" }, markdown(message.content, this.look())));
    for (const file of message.attachments ?? []) body.append(attachment(file));
    if (!(message.flags & 4)) for (const embed of message.embeds ?? []) body.append(this.embed(embed));
    body.append(...components(message, app).flat());
    if (message.thread) {
      const thread = message.thread;
      body.append(el("button", { type: "button", class: "thread", onclick: () => app.open(thread.id) }, "🧵 Open thread: ", isolated(thread.name)));
    }
    if (message.reactions?.length) body.append(el("div", { class: "row" }, message.reactions.map((one) => this.reaction(message, one))));
    if (secret) {
      body.append(el("p", { class: "secret" }, "👁 Only you can see this · ", el("button", { type: "button", class: "linklike", onclick: () => this.dismiss(message) }, "Dismiss message")));
    } else if (!system) {
      body.append(this.tools(message, mine));
    }
    const node = el("article", { class: secret ? "message private" : "message", "data-message": message.id, "aria-label": `Message of ${name}` },
      el("span", { class: `face c${Number(BigInt(message.author.id) % 6n)}`, "aria-hidden": "true" }, [...name][0] ?? "?"), body);
    this.nodes.set(message.id, node);
    return node;
  }

  dismiss(message) {
    this.dismissed.add(message.id);
    this.nodes.get(message.id)?.remove();
    this.nodes.delete(message.id);
    byId("write")?.focus();
  }

  embed(embed) {
    const look = this.look();
    const part = el("div", { class: "embed" });
    if (embed.color) part.style.setProperty("--edge", `#${embed.color.toString(16).padStart(6, "0")}`);
    if (embed.author?.name) part.append(el("p", { class: "small" }, isolated(embed.author.name)));
    if (embed.title) part.append(el("h2", { dir: "auto" }, inline(embed.title, look)));
    if (embed.description) part.append(el("div", { class: "text" }, markdown(embed.description, look)));
    if (embed.fields?.length) {
      part.append(el("div", { class: "fields" }, embed.fields.map((field) => el("div", { class: field.inline ? "field beside" : "field" },
        el("h3", { dir: "auto" }, inline(field.name, look)), el("div", { class: "text" }, markdown(field.value, look))))));
    }
    const image = embed.image?.url;
    if (image && image.includes("/attachments/")) part.append(el("img", { src: local(image), alt: embed.title ?? "Picture", loading: "lazy" }));
    if (embed.footer?.text) part.append(el("p", { class: "small" }, isolated(embed.footer.text)));
    return part;
  }

  reaction(message, { emoji, count, me }) {
    const path = `/channels/${message.channel_id}/messages/${message.id}/reactions/${encodeURIComponent(emoji.id ? `${emoji.name}:${emoji.id}` : emoji.name)}/@me`;
    return el("button", { type: "button", class: "reaction", "aria-pressed": String(me), "aria-label": `${emoji.name}, ${count}${me ? ", yours" : ""}`, "data-id": `r${emoji.name}`, onclick: () => this.app.tried(this.app.rest.request(me ? "DELETE" : "PUT", path)) }, `${emoji.name} ${count}`);
  }

  tools(message, mine) {
    const { app } = this;
    const menu = el("details", { class: "tools" });
    const fill = () => {
      const act = (text, run, props = {}) => el("button", { type: "button", ...props, onclick: () => { menu.open = false; run(); } }, text);
      const path = `/channels/${message.channel_id}/messages/${message.id}`;
      const apps = el("div", { class: "apps" }, el("p", { class: "quiet" }, "Apps"));
      menu.replaceChildren(menu.firstElementChild, el("div", { class: "menu" },
        el("div", { class: "quick" }, QUICK.map((one) => act(one, () => app.tried(app.rest.request("PUT", `${path}/reactions/${encodeURIComponent(one)}/@me`)), { "aria-label": `React with ${one}` }))),
        act("Reply", () => app.composer.reply(message)),
        mine ? act("Edit", () => app.composer.edit(message)) : null,
        mine || app.state.guild?.owner_id === app.state.me?.id ? act("Delete", () => app.tried(app.rest.request("DELETE", path))) : null,
        apps));
      app.interactions.commands(3).then((commands) => apps.append(...commands.map((one) => act(one.name, () => app.interactions.send(2, message.channel_id, { id: one.id, name: one.name, type: 3, target_id: message.id })))), () => {});
    };
    menu.append(el("summary", { "aria-label": "Message actions and apps" }, "⋯"));
    menu.addEventListener("toggle", () => { if (menu.open) fill(); });
    menu.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && menu.open) { menu.open = false; menu.firstElementChild.focus(); event.stopPropagation(); }
    });
    return menu;
  }
}

const short = (text) => ([...text].length > 90 ? `${[...text].slice(0, 90).join("")}…` : text);

/** The file's address on the origin the page came by, whatever name of the host the sandbox wrote. */
const local = (url) => new URL(url, location.href).pathname;

function attachment(file) {
  const source = local(file.url);
  if (file.content_type?.startsWith("image/") || /\.png$/i.test(file.filename)) {
    const description = file.description ? el("figcaption", { class: "small" }, el("details", {}, el("summary", {}, "Description"), isolated(file.description))) : null;
    return el("figure", {}, el("img", { src: source, alt: file.description || file.filename, width: file.width, height: file.height, loading: "lazy" }), description);
  }
  return el("p", {}, el("a", { href: source, download: "" }, "📎 ", isolated(file.filename)), ` (${file.size} bytes)`);
}
