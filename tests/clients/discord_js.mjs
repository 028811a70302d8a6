// The tour with discord.js.

import { createRequire } from "node:module";

// Installed beside the build, not beside this file.
const require = createRequire(`${process.env.CLIENTS}/`);
const {
  ActionRowBuilder, ApplicationCommandType, ButtonBuilder, ButtonStyle, ChannelType, Client, EmbedBuilder, Events,
  GatewayIntentBits, MessageFlags, ModalBuilder, Partials, StringSelectMenuBuilder, TextInputBuilder,
  TextInputStyle, UserSelectMenuBuilder,
} = require("discord.js");

const place = JSON.parse(process.env.STUDYHALL_TOUR);
const TOPICS = ["asyncio", "as-patterns", "decorators"];
const FILE = "tour.txt";
const BYTES = Buffer.from("what a file holds\n".repeat(40));

const tell = (did, rest = {}) => console.log(JSON.stringify({ did, ...rest }));

const client = new Client({
  intents: [
    GatewayIntentBits.Guilds, GatewayIntentBits.GuildMessages, GatewayIntentBits.GuildMessageReactions,
    GatewayIntentBits.DirectMessages, GatewayIntentBits.MessageContent,
  ],
  // Direct messages and reactions on messages that it has not seen itself.
  partials: [Partials.Channel, Partials.Message, Partials.Reaction],
  rest: { api: `${place.origin}/api` },
});
let message;

const row = (...parts) => new ActionRowBuilder().addComponents(...parts);
const panel = () => [
  row(
    new ButtonBuilder().setCustomId("press").setLabel("Press").setStyle(ButtonStyle.Primary),
    new ButtonBuilder().setCustomId("form").setLabel("Form").setStyle(ButtonStyle.Secondary),
  ),
  row(new StringSelectMenuBuilder().setCustomId("colours").setMaxValues(2)
    .addOptions(...["red", "green", "blue"].map((name) => ({ label: name, value: name })))),
  row(new UserSelectMenuBuilder().setCustomId("people")),
];
const form = () => new ModalBuilder().setCustomId("form").setTitle("A form").addComponents(
  row(new TextInputBuilder().setCustomId("why").setLabel("Why?").setStyle(TextInputStyle.Short)),
);
const privately = (content) => ({ content, flags: MessageFlags.Ephemeral });

const steps = {
  async send(channel) {
    const card = new EmbedBuilder().setTitle("A card").setDescription("With *text*").setColor(0x5865f2)
      .addFields({ name: "One", value: "1" }, { name: "Two", value: "2" });
    message = await channel.send({ content: `A first word <@${place.friend}>`, embeds: [card] });
    tell("send", { message: message.id });
  },
  async thread() {
    const thread = await message.startThread({ name: "A thread", autoArchiveDuration: 1440 });
    await thread.send("Inside");
    tell("thread", { thread: thread.id });
  },
  react: () => message.react("✅"),
  unreact: () => message.reactions.cache.get("✅").users.remove(client.user),
  edit: () => message.edit("A better word"),
  async pin(channel) {
    await message.pin();
    const pinned = await channel.messages.fetchPins();
    tell("pin", { pinned: pinned.items.map((one) => one.message.id) });
  },
  file: (channel) => channel.send({ content: "A file", files: [{ attachment: BYTES, name: FILE }] }),
  async history(channel) {
    tell("history", { messages: [...(await channel.messages.fetch({ limit: 100 })).keys()] });
  },
  async look(channel) {
    const guild = await client.guilds.fetch({ guild: place.guild_id, force: true });
    const [channels, roles, members, threads] = await Promise.all([
      guild.channels.fetch(), guild.roles.fetch(), guild.members.list({ limit: 1000 }), guild.channels.fetchActiveThreads(),
    ]);
    const again = await channel.messages.fetch({ message: message.id, force: true });
    tell("look", {
      guilds: [...(await client.guilds.fetch()).keys()],
      channels: [...channels.keys()],
      roles: roles.map((one) => one.name),
      members: [...members.keys()],
      member: (await guild.members.fetch({ user: place.friend, force: true })).displayName,
      channel: (await client.channels.fetch(channel.id, { force: true })).id,
      message: again.content,
      threads: [...threads.threads.keys()],
      reactors: [...(await again.reactions.resolve("👍").users.fetch()).keys()],
    });
  },
  async chores(channel) {
    await channel.sendTyping();
    await channel.guild.members.editMe({ nick: "Guide" });
    const thread = await channel.threads.create({ name: "Aside", type: ChannelType.PublicThread });
    await thread.leave();
    await thread.join();
    await thread.edit({ name: "Apart", archived: true });
    const archived = [...(await channel.threads.fetchArchived()).threads.keys()];
    await thread.delete();
    const gone = await channel.send("Soon gone");
    await gone.delete();
    await message.reactions.resolve("👍").users.remove(place.friend);
    await message.unpin();
    const pinned = (await channel.messages.fetchPins()).items.map((one) => one.message.id);
    tell("chores", { thread: thread.id, archived, gone: gone.id, pinned });
  },
  async commands() {
    const told = { left: [] };
    await client.application.fetch();
    for (const [name, guildId] of [["wide", undefined], ["near", place.guild_id]]) {
      const { commands } = client.application;
      const made = await commands.create({ name, description: "Before" }, guildId);
      const read = await commands.fetch(made.id, { guildId, force: true });
      told[name] = [read.description, (await commands.edit(made.id, { description: "After" }, guildId)).description];
      await commands.delete(made.id, guildId);
      told.left.push((await commands.fetch({ guildId, force: true })).map((one) => one.name).sort());
    }
    tell("commands", told);
  },
  direct: async () => (await client.users.fetch(place.friend)).send("A word in private"),
  async register() {
    await client.application.commands.set([
      { name: "tour", description: "A tour",
        options: [{ name: "topic", description: "About what", type: 3, required: true, autocomplete: true }] },
      { name: "slow", description: "Takes its time" },
      { name: "errands", description: "There and back" },
      { name: "Count letters", type: ApplicationCommandType.Message },
    ], place.guild_id);
    tell("register");
  },
  patience: (channel) => channel.send("Patience pays"),
  end: () => client.destroy(),
};

client.on(Events.Raw, ({ t }) => t && console.log(JSON.stringify({ event: t })));
client.on(Events.ClientReady, () => {
  tell("ready", { user: client.user.id });
  const guild = client.guilds.cache.get(place.guild_id);
  const channels = guild.channels.cache.filter((channel) => channel.type === ChannelType.GuildText).size;
  tell("guild", { id: guild.id, channels });
});
client.on(Events.ShardResume, () => tell("resumed"));
client.on(Events.MessageCreate, async (said) => {
  if (said.author.id === client.user.id) return;
  const step = /^tour: (\w+)$/.exec(said.content);
  if (step) return steps[step[1]](said.channel);
  const files = await Promise.all([...said.attachments.values()]
    .map(async (one) => [one.name, await (await fetch(one.url)).text()]));
  tell("heard", { text: said.content, files });
});
client.on(Events.MessageUpdate, (_, now) => now.author?.id !== client.user.id && tell("edited", { text: now.content }));
client.on(Events.MessageDelete, (gone) => tell("deleted", { message: gone.id }));
client.on(Events.MessageReactionAdd, (reaction, user) => tell("reacted", { emoji: reaction.emoji.name, user: user.id }));
client.on(Events.InteractionCreate, async (interaction) => {
  if (interaction.isAutocomplete()) {
    const found = TOPICS.filter((topic) => topic.startsWith(interaction.options.getFocused()));
    return interaction.respond(found.map((topic) => ({ name: topic, value: topic })));
  }
  if (interaction.isMessageContextMenuCommand()) {
    return interaction.reply(privately(`${interaction.targetMessage.content.length} letters`));
  }
  if (interaction.isChatInputCommand() && interaction.commandName === "slow") {
    await interaction.deferReply({ flags: MessageFlags.Ephemeral });
    await interaction.editReply("Worth the wait");
    return interaction.followUp(privately("And one thing more"));
  }
  if (interaction.isChatInputCommand() && interaction.commandName === "errands") {
    await interaction.deferReply({ flags: MessageFlags.Ephemeral });
    await interaction.editReply("First");
    const original = await interaction.fetchReply();
    const second = await interaction.followUp(privately("Second"));
    await interaction.webhook.editMessage(second, { content: "Second, mended" });
    const followup = await interaction.webhook.fetchMessage(second.id);
    await interaction.deleteReply(second);
    await interaction.deleteReply();
    return tell("errands", { original: original.content, followup: followup.content });
  }
  if (interaction.isChatInputCommand()) {
    return interaction.reply({ content: `About ${interaction.options.getString("topic")}`, components: panel() });
  }
  if (interaction.isButton() && interaction.customId === "form") return interaction.showModal(form());
  if (interaction.isButton()) return interaction.update({ content: `Pressed by ${interaction.member.displayName}` });
  if (interaction.isStringSelectMenu()) {
    return interaction.reply(privately(`You chose ${interaction.values.join(", ")}`));
  }
  if (interaction.isUserSelectMenu()) {
    return interaction.reply(privately(`You chose ${interaction.members.map((one) => one.displayName).join(", ")}`));
  }
  if (interaction.isModalSubmit()) {
    return interaction.reply(privately(`You wrote: ${interaction.fields.getTextInputValue("why")}`));
  }
});

await client.login(place.token);
