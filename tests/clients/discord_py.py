"""The tour with discord.py."""

import json
import os
import re

import discord
import yarl
from discord import app_commands

PLACE = json.loads(os.environ["STUDYHALL_TOUR"])
TOPICS = ["asyncio", "as-patterns", "decorators"]
FILE = "tour.txt"
BYTES = b"what a file holds\n" * 40

discord.http.Route.BASE = PLACE["api"]
discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(PLACE["gateway"])


def tell(did, **rest):
    print(json.dumps({"did": did, **rest}), flush=True)


class Form(discord.ui.Modal, title="A form"):
    why = discord.ui.TextInput(label="Why?", custom_id="why")

    async def on_submit(self, interaction):
        await interaction.response.send_message(f"You wrote: {self.why.value}", ephemeral=True)


class Panel(discord.ui.View):
    @discord.ui.button(label="Press", style=discord.ButtonStyle.primary)
    async def press(self, interaction, _button):
        await interaction.response.edit_message(content=f"Pressed by {interaction.user.display_name}")

    @discord.ui.button(label="Form")
    async def form(self, interaction, _button):
        await interaction.response.send_modal(Form())

    @discord.ui.select(custom_id="colours", max_values=2,
                       options=[discord.SelectOption(label=name) for name in ("red", "green", "blue")])
    async def colours(self, interaction, select):
        await interaction.response.send_message("You chose " + ", ".join(select.values), ephemeral=True)

    @discord.ui.select(cls=discord.ui.UserSelect, custom_id="people")
    async def people(self, interaction, select):
        names = [member.display_name for member in select.values]
        await interaction.response.send_message("You chose " + ", ".join(names), ephemeral=True)


class Bot(discord.Client):
    def __init__(self):
        intents = discord.Intents.default()
        intents.message_content = True
        # Only then does it let itself be asked for the members.
        intents.members = True
        super().__init__(intents=intents, enable_debug_events=True, chunk_guilds_at_startup=False)
        self.tree = app_commands.CommandTree(self)
        self.guild = discord.Object(PLACE["guild_id"])
        self.message = None

    async def on_socket_event_type(self, kind):
        print(json.dumps({"event": kind}), flush=True)

    async def on_ready(self):
        tell("ready", user=str(self.user.id))
        guild = self.get_guild(self.guild.id)
        tell("guild", id=str(guild.id), channels=len(guild.text_channels))

    async def on_resumed(self):
        tell("resumed")

    async def on_message(self, message):
        if message.author == self.user:
            return
        step = re.fullmatch(r"tour: (\w+)", message.content)
        if step:
            await getattr(self, "step_" + step[1])(message.channel)
            return
        files = [[one.filename, (await one.read()).decode()] for one in message.attachments]
        tell("heard", text=message.content, files=files)

    async def on_message_edit(self, _before, after):
        if after.author != self.user:
            tell("edited", text=after.content)

    async def on_raw_message_delete(self, gone):
        tell("deleted", message=str(gone.message_id))

    async def on_raw_reaction_add(self, reaction):
        tell("reacted", emoji=str(reaction.emoji), user=str(reaction.user_id))

    async def step_send(self, channel):
        card = discord.Embed(title="A card", description="With *text*", colour=0x5865F2)
        card.add_field(name="One", value="1").add_field(name="Two", value="2")
        self.message = await channel.send(f"A first word <@{PLACE['friend']}>", embed=card)
        tell("send", message=str(self.message.id))

    async def step_thread(self, _channel):
        thread = await self.message.create_thread(name="A thread", auto_archive_duration=1440)
        await thread.send("Inside")
        tell("thread", thread=str(thread.id))

    async def step_react(self, _channel):
        await self.message.add_reaction("✅")

    async def step_unreact(self, _channel):
        await self.message.remove_reaction("✅", self.user)

    async def step_edit(self, _channel):
        await self.message.edit(content="A better word")

    async def step_pin(self, channel):
        await self.message.pin()
        tell("pin", pinned=[str(one.id) async for one in channel.pins()])

    async def step_file(self, channel):
        import io
        await channel.send("A file", file=discord.File(io.BytesIO(BYTES), FILE))

    async def step_history(self, channel):
        tell("history", messages=[str(one.id) async for one in channel.history(limit=100)])

    async def step_look(self, channel):
        guild = await self.fetch_guild(self.guild.id, with_counts=True)
        message = await channel.fetch_message(self.message.id)
        thumb = next(one for one in message.reactions if str(one.emoji) == "👍")
        tell("look",
             guilds=[str(one.id) async for one in self.fetch_guilds()],
             channels=[str(one.id) for one in await guild.fetch_channels()],
             roles=[one.name for one in await guild.fetch_roles()],
             members=[str(one.id) async for one in guild.fetch_members(limit=None)],
             member=(await guild.fetch_member(int(PLACE["friend"]))).display_name,
             channel=str((await self.fetch_channel(channel.id)).id),
             message=message.content,
             threads=[str(one.id) for one in await channel.guild.active_threads()],
             reactors=[str(one.id) async for one in thumb.users()])

    async def step_chores(self, channel):
        await channel.typing()
        await channel.guild.me.edit(nick="Guide")
        thread = await channel.create_thread(name="Aside", type=discord.ChannelType.public_thread)
        await thread.leave()
        await thread.join()
        await thread.edit(name="Apart", archived=True)
        archived = [str(one.id) async for one in channel.archived_threads()]
        await thread.delete()
        gone = await channel.send("Soon gone")
        await gone.delete()
        await self.message.remove_reaction("👍", discord.Object(PLACE["friend"]))
        await self.message.unpin()
        tell("chores", thread=str(thread.id), archived=archived, gone=str(gone.id),
             pinned=[str(one.id) async for one in channel.pins()])

    async def step_commands(self, _channel):
        told = {}
        for name, guild in (("wide", None), ("near", self.guild)):
            @self.tree.command(name=name, description="Before", guild=guild)
            async def command(_interaction):
                pass

            made = next(one for one in await self.tree.sync(guild=guild) if one.name == name)
            read = await self.tree.fetch_command(made.id, guild=guild)
            told[name] = [read.description, (await made.edit(description="After")).description]
            await made.delete()
        left = [await self.tree.fetch_commands(guild=guild) for guild in (None, self.guild)]
        tell("commands", **told, left=[sorted(one.name for one in commands) for commands in left])

    async def step_direct(self, _channel):
        friend = await self.fetch_user(int(PLACE["friend"]))
        await friend.send("A word in private")

    async def step_register(self, _channel):
        async def topics(_interaction, typed):
            return [app_commands.Choice(name=one, value=one) for one in TOPICS if one.startswith(typed)]

        @self.tree.command(name="tour", description="A tour", guild=self.guild)
        @app_commands.autocomplete(topic=topics)
        async def tour(interaction, topic: str):
            await interaction.response.send_message(f"About {topic}", view=Panel(timeout=None))

        @self.tree.command(name="slow", description="Takes its time", guild=self.guild)
        async def slow(interaction):
            await interaction.response.defer(ephemeral=True)
            await interaction.edit_original_response(content="Worth the wait")
            await interaction.followup.send("And one thing more", ephemeral=True)

        @self.tree.command(name="errands", description="There and back", guild=self.guild)
        async def errands(interaction):
            await interaction.response.defer(ephemeral=True)
            await interaction.edit_original_response(content="First")
            original = await interaction.original_response()
            second = await interaction.followup.send("Second", ephemeral=True, wait=True)
            await second.edit(content="Second, mended")
            followup = await interaction.followup.fetch_message(second.id)
            await second.delete()
            await interaction.delete_original_response()
            tell("errands", original=original.content, followup=followup.content)

        @self.tree.context_menu(name="Count letters", guild=self.guild)
        async def count(interaction, message: discord.Message):
            await interaction.response.send_message(f"{len(message.content)} letters", ephemeral=True)

        await self.tree.sync(guild=self.guild)
        tell("register")

    async def step_patience(self, channel):
        await channel.send("Patience pays")

    async def step_end(self, _channel):
        await self.close()


Bot().run(PLACE["token"], log_handler=None)
