import os

import discord
import yarl

# Where discord.py looks for Discord; without these two lines it is Discord itself.
discord.http.Route.BASE = os.environ["API"]
discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(os.environ["GATEWAY"])

intents = discord.Intents.default()
intents.message_content = True
client = discord.Client(intents=intents)


@client.event
async def on_message(message):
    if message.content == "ping":
        await message.reply("pong")


client.run(os.environ["DISCORD_TOKEN"])
