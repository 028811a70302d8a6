// What a member does with a bot: `POST /interactions`, and the events that answer it.

import { problem } from "./dom.js";

export class Interactions {
  constructor(app) {
    this.app = app;
    this.waiting = new Map();
    this.number = 0;
  }

  /** Sends one; the promise ends with "success", "failure" or the choices of an autocomplete. */
  async send(type, channel, data, message) {
    const { app } = this;
    const nonce = `${Date.now()}${String(this.number++).padStart(4, "0")}`;
    const body = {
      type, nonce, data, application_id: app.place.application_id, channel_id: channel,
      session_id: app.gateway.session, message_flags: 0,
    };
    const guild = app.state.channels.get(channel)?.guild_id;
    if (guild) body.guild_id = guild;
    if (message) body.message_id = message;
    const ended = new Promise((resolve) => {
      this.waiting.set(nonce, resolve);
      // The sandbox tells a failure after 3 s; this is for a connection lost meanwhile.
      setTimeout(() => this.end(nonce, "failure"), 20000);
    });
    try {
      await app.rest.post("/interactions", body);
    } catch (refused) {
      this.waiting.delete(nonce);
      if (type !== 4) problem(refused.message);
      return "failure";
    }
    const end = await ended;
    if (end === "failure" && type !== 4) problem("This interaction failed: the bot did not answer in time.");
    return end;
  }

  end(nonce, value) {
    this.waiting.get(String(nonce))?.(value);
    this.waiting.delete(String(nonce));
  }

  hear(type, data) {
    if (type === "INTERACTION_SUCCESS") this.end(data.nonce, "success");
    else if (type === "INTERACTION_FAILURE") this.end(data.nonce, "failure");
    else if (type === "APPLICATION_COMMAND_AUTOCOMPLETE_RESPONSE") this.end(data.nonce, data.choices ?? []);
  }

  /** The commands of one type that this member can call, from the guild and everywhere. */
  async commands(type) {
    const { app } = this;
    const base = `/applications/${app.place.application_id}`;
    const both = await Promise.all([app.rest.get(`${base}/commands`), app.rest.get(`${base}/guilds/${app.place.guild_id}/commands`)]);
    const admin = app.state.guild?.owner_id === app.state.me?.id;
    return both.flat().filter((one) => (one.type ?? 1) === type && (admin || one.default_member_permissions === null || one.default_member_permissions === undefined));
  }
}
