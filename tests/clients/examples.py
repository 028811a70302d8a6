"""The examples of docs/sandbox.md: each is what the page shows, and each answers a member."""

import asyncio
import os
import sys
from pathlib import Path

import tour

EXAMPLES = [
    ("docs/examples/ping.py", "python", [sys.executable, "docs/examples/ping.py"]),
    ("examples/ping.rs", "rust", ["target/debug/examples/ping"]),
]


async def answers(words):
    sandbox = await tour.Sandbox().start()
    told = sandbox.told
    env = {**os.environ, "API": told["api"], "GATEWAY": told["gateway"], "DISCORD_TOKEN": told["bot"]["token"]}
    bot = await asyncio.create_subprocess_exec(*words, env=env)
    try:
        ana = await tour.Member(sandbox, "Ana").connect()
        ids = set()
        async def pong():
            # Until the bot is there to hear it.
            while True:
                ids.add((await ana.say("ping"))["id"])
                await asyncio.sleep(0.2)
                for kind, data in ana.events:
                    if kind == "MESSAGE_CREATE" and data["content"] == "pong":
                        return data
        said = await asyncio.wait_for(pong(), tour.PATIENCE)
        assert said["message_reference"]["message_id"] in ids, said
    finally:
        bot.kill()
        await bot.wait()
        await sandbox.stop()


async def main():
    page = Path("docs/sandbox.md").read_text(encoding="utf-8")
    for file, language, words in EXAMPLES:
        text = Path(file).read_text(encoding="utf-8")
        assert f"```{language}\n{text}```" in page, f"docs/sandbox.md does not show {file} as it is"
        await answers(words)
        print(f"ok {file}", flush=True)


asyncio.run(main())
