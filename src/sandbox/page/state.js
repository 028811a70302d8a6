// What one member knows: the guild, its channels and threads, and the messages seen so far.

const VIEW = 1n << 10n;
const ADMINISTRATOR = 1n << 3n;

export class State extends EventTarget {
  constructor() {
    super();
    Object.assign(this, {
      me: null, guild: null, channels: new Map(), members: new Map(), roles: new Map(),
      messages: new Map(), typing: new Map(),
    });
  }

  tell(name, detail) { this.dispatchEvent(new CustomEvent(name, { detail })); }

  name(id) {
    const member = this.members.get(id);
    return member?.nick || member?.user?.global_name || member?.user?.username || null;
  }

  authorName(message) {
    return this.name(message.author.id) || message.author.global_name || message.author.username;
  }

  /** Whether this member sees a channel (Discord's order: everyone, roles, the member). */
  sees(channel) {
    if (!this.guild || !channel.guild_id) return true;
    const base = channel.thread_metadata ? this.channels.get(channel.parent_id) : channel;
    if (!base || this.guild.owner_id === this.me.id) return true;
    const mine = new Set([this.guild.id, ...(this.members.get(this.me.id)?.roles ?? [])]);
    let rights = 0n;
    for (const id of mine) rights |= BigInt(this.roles.get(id)?.permissions ?? 0);
    if (rights & ADMINISTRATOR) return true;
    const apply = (fits) => {
      let [allow, deny] = [0n, 0n];
      for (const one of (base.permission_overwrites ?? []).filter(fits)) {
        allow |= BigInt(one.allow);
        deny |= BigInt(one.deny);
      }
      rights = (rights & ~deny) | allow;
    };
    apply((one) => one.id === this.guild.id);
    apply((one) => one.type === 0 && one.id !== this.guild.id && mine.has(one.id));
    apply((one) => one.type === 1 && one.id === this.me.id);
    return (rights & VIEW) !== 0n;
  }

  of(channel) {
    if (!this.messages.has(channel)) this.messages.set(channel, new Map());
    return this.messages.get(channel);
  }

  /** Takes one dispatch of the gateway. */
  hear(type, data) {
    switch (type) {
      case "READY":
        this.me = data.user;
        break;
      case "GUILD_CREATE":
        this.guild = data;
        this.roles = new Map(data.roles.map((role) => [role.id, role]));
        this.members = new Map(data.members.map((member) => [member.user.id, member]));
        for (const channel of [...data.channels, ...data.threads]) this.put(channel, data.id);
        this.tell("channels");
        break;
      case "CHANNEL_CREATE": case "CHANNEL_UPDATE": case "THREAD_CREATE": case "THREAD_UPDATE":
        this.put(data);
        this.tell("channels");
        break;
      case "CHANNEL_DELETE": case "THREAD_DELETE":
        this.channels.delete(data.id);
        this.tell("channels");
        break;
      case "GUILD_MEMBER_ADD": case "GUILD_MEMBER_UPDATE":
        this.members.set(data.user.id, { ...this.members.get(data.user.id), ...data });
        this.tell("channels");
        break;
      case "GUILD_MEMBER_REMOVE":
        this.members.delete(data.user.id);
        break;
      case "GUILD_ROLE_CREATE": case "GUILD_ROLE_UPDATE":
        this.roles.set(data.role.id, data.role);
        this.tell("channels");
        break;
      case "MESSAGE_CREATE":
        this.typing.get(data.channel_id)?.delete(data.author.id);
        this.add(data);
        break;
      case "MESSAGE_UPDATE": {
        const old = this.of(data.channel_id).get(data.id);
        if (old || data.flags & 64) this.add({ ...old, ...data });
        break;
      }
      case "MESSAGE_DELETE":
        this.of(data.channel_id).delete(data.id);
        this.tell("gone", data);
        break;
      case "MESSAGE_REACTION_ADD": case "MESSAGE_REACTION_REMOVE":
        this.react(data, type.endsWith("ADD") ? 1 : -1);
        break;
      case "TYPING_START":
        if (data.user_id !== this.me?.id) {
          if (!this.typing.has(data.channel_id)) this.typing.set(data.channel_id, new Map());
          this.typing.get(data.channel_id).set(data.user_id, Date.now() + 9000);
          this.tell("typing", data.channel_id);
        }
        break;
    }
    this.tell("dispatch", { type, data });
  }

  put(channel, guild) {
    this.channels.set(channel.id, { ...this.channels.get(channel.id), guild_id: guild, ...channel });
  }

  add(message) {
    const list = this.of(message.channel_id);
    const news = !list.has(message.id);
    list.set(message.id, message);
    this.tell("message", { message, news });
  }

  /** Messages read over REST, older or newer than those known. */
  read(channel, messages) {
    const all = [...messages, ...this.of(channel).values()];
    // Ids are numbers without leading zeros: the longer text is the larger one.
    const order = all.sort((a, b) => a.id.length - b.id.length || (a.id < b.id ? -1 : 1));
    const list = new Map();
    // What REST read last is the newest text; private messages are known to the gateway alone.
    for (const one of order) list.set(one.id, one);
    for (const one of messages) list.set(one.id, one);
    this.messages.set(channel, list);
  }

  react({ channel_id, message_id, user_id, emoji }, by) {
    const message = this.of(channel_id).get(message_id);
    if (!message) return;
    const reactions = (message.reactions ?? []).map((one) => ({ ...one }));
    let found = reactions.find((one) => one.emoji.name === emoji.name && one.emoji.id === emoji.id);
    if (!found) reactions.push(found = { emoji, count: 0, me: false });
    found.count += by;
    if (user_id === this.me?.id) found.me = by > 0;
    this.add({ ...message, reactions: reactions.filter((one) => one.count > 0) });
  }
}
