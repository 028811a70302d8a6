"""One tour through Discord, led by members of the sandbox, for a bot written with any library.

The bot is a program of its own. It is told where it is by STUDYHALL_TOUR (JSON) and does what members
ask of it in the study channel, `tour: <step>`. It writes one JSON object a line to standard output:
`{"did": <step>, …}` for what it did, `{"event": <name>}` for each event of the gateway that reached it.
Whatever it says is compared with what the sandbox holds.
"""

import asyncio
import json
import os
import sys
import time

import aiohttp

PROGRAM = "target/debug/studyhall"
PATIENCE = 20.0
FILE = "tour.txt"
BYTES = b"what a file holds\n" * 40


class Sandbox:
    """`studyhall sandbox` as its own process, and what its keyed addresses tell."""

    async def start(self):
        words = ["--json", "--listen", "127.0.0.1:0", "--seed", "7"]
        self.process = await asyncio.create_subprocess_exec(
            PROGRAM, "sandbox", *words, stdout=asyncio.subprocess.PIPE, limit=1 << 20)
        line = await self.process.stdout.readline()
        if not line:
            raise SystemExit("the sandbox ended before it was ready")
        self.told = json.loads(line)
        self.origin, self.key = self.told["page"].split("/?")
        self.http = aiohttp.ClientSession()
        self.seq = 0
        self.routes = set()
        return self

    async def stop(self):
        await self.http.close()
        self.process.terminate()
        await self.process.wait()

    async def wreck(self, **wish):
        """Trouble on purpose."""
        async with self.http.post(f"{self.origin}/faults?{self.key}", json=wish) as answer:
            assert answer.status == 200, await answer.text()

    async def requests(self):
        """The bot's requests since the last look: method, route and status."""
        async with self.http.get(f"{self.origin}/traffic?{self.key}&after={self.seq}") as answer:
            told = await answer.json()
        self.seq = told["seq"]
        requests = [(one["method"], one["route"], one["status"]) for one in told["requests"]]
        self.routes |= {f"{method} {route}" for method, route, status in requests if status < 300}
        return requests


class Member:
    """A member with a gateway session, who acts over the same interfaces as the page."""

    def __init__(self, sandbox, name):
        self.sandbox = sandbox
        self.told = next(one for one in sandbox.told["members"] if one["name"] == name)
        self.id = self.told["id"]
        self.events = []
        self.news = asyncio.Event()
        self.nonce = 0

    async def connect(self):
        self.socket = await self.sandbox.http.ws_connect(
            self.sandbox.told["gateway"] + "?v=10&encoding=json", max_msg_size=0)
        await self.socket.send_json({"op": 2, "d": {"token": self.told["token"], "properties": {}}})
        self.listening = asyncio.create_task(self.listen())
        ready = await self.wait("READY", lambda _: True)
        self.session = ready["session_id"]
        return self

    async def listen(self):
        async for message in self.socket:
            payload = json.loads(message.data)
            if payload["op"] == 0:
                self.events.append((payload["t"], payload["d"]))
                self.news.set()

    async def wait(self, kind, fits, since=0):
        """The data of the first event of a kind that fits, past or to come."""
        async def search():
            place = since
            while True:
                for found, data in self.events[place:]:
                    place += 1
                    if found == kind and fits(data):
                        return data
                self.news.clear()
                await self.news.wait()
        try:
            return await asyncio.wait_for(search(), PATIENCE)
        except asyncio.TimeoutError:
            seen = ", ".join(kind for kind, _ in self.events[since:])
            raise AssertionError(f"no {kind} as it should be for {self.told['name']}; seen: {seen}") from None

    async def ask(self, method, path, **body):
        headers = {"authorization": self.told["token"]}
        url = self.sandbox.told["api"] + path
        async with self.sandbox.http.request(method, url, headers=headers, **body) as answer:
            text = await answer.text()
            assert answer.status < 300, f"{method} {path}: {answer.status} {text}"
            return json.loads(text) if text else None

    async def say(self, text, channel=None, files=()):
        channel = channel or self.sandbox.told["study_channel_id"]
        if not files:
            return await self.ask("POST", f"/channels/{channel}/messages", json={"content": text})
        form = aiohttp.FormData()
        form.add_field("payload_json", json.dumps({"content": text}), content_type="application/json")
        for number, (name, data) in enumerate(files):
            form.add_field(f"files[{number}]", data, filename=name)
        return await self.ask("POST", f"/channels/{channel}/messages", data=form)

    async def interact(self, kind, data, message=None):
        """Sends an interaction; returns where to look for what comes of it."""
        since, self.nonce = len(self.events), self.nonce + 1
        nonce = f"{self.id}-{self.nonce}"
        body = {"type": kind, "application_id": self.sandbox.told["bot"]["id"], "nonce": nonce,
                "session_id": self.session, "guild_id": self.sandbox.told["guild_id"],
                "channel_id": self.sandbox.told["study_channel_id"], "data": data}
        if message is not None:
            body |= {"message_id": message["id"], "channel_id": message["channel_id"], "message_flags": 0}
        await self.ask("POST", "/interactions", json=body)
        return since, nonce

    async def succeeds(self, kind, data, message=None):
        """The same, answered by the bot in time."""
        since, nonce = await self.interact(kind, data, message)
        ends = ("INTERACTION_SUCCESS", "INTERACTION_FAILURE")
        async def first():
            return next((found for found, one in self.events[since:]
                         if found in ends and one.get("nonce") == nonce), None)
        async def end():
            while (found := await first()) is None:
                self.news.clear()
                await self.news.wait()
            return found
        assert await asyncio.wait_for(end(), PATIENCE) == ends[0], "the interaction failed"
        return since

    async def command(self, name, kind=1, **rest):
        app, guild = self.sandbox.told["bot"]["id"], self.sandbox.told["guild_id"]
        known = await self.ask("GET", f"/applications/{app}/guilds/{guild}/commands")
        found = next(one for one in known if one["name"] == name and one["type"] == kind)
        return {"id": found["id"], "name": name, "type": kind, **rest}


def part(message, label):
    """The component of a message with that label or custom id."""
    parts = [one for row in message["components"] for one in row["components"]]
    return next(one for one in parts if label in (one.get("label"), one.get("custom_id")))


class Bot:
    """The program under test."""

    async def start(self, sandbox, words):
        told = sandbox.told
        place = {key: told[key] for key in ("api", "gateway", "guild_id", "study_channel_id")}
        place |= {"origin": sandbox.origin, "token": told["bot"]["token"], "friend": next(one["id"] for one in told["members"] if one["name"] == "Ben")}
        self.process = await asyncio.create_subprocess_exec(
            *words, stdout=asyncio.subprocess.PIPE, limit=1 << 20,
            env={**os.environ, "STUDYHALL_TOUR": json.dumps(place)})
        self.done, self.events, self.news = [], [], asyncio.Event()
        self.reading = asyncio.create_task(self.read())
        return self

    async def read(self):
        async for line in self.process.stdout:
            try:
                told = json.loads(line)
            except ValueError:
                print(f"    {line.decode().rstrip()}", flush=True)
                continue
            if "did" in told:
                self.done.append(told)
            else:
                self.events.append(told["event"])
            self.news.set()

    async def search(self, find, what):
        async def search():
            while (found := find()) is None:
                self.news.clear()
                await self.news.wait()
            return found
        try:
            return await asyncio.wait_for(search(), PATIENCE)
        except asyncio.TimeoutError:
            raise AssertionError(f"the bot never {what}; it did {self.done}") from None

    async def did(self, step, fits=lambda _: True):
        done = lambda: next((one for one in self.done if one["did"] == step and fits(one)), None)
        return await self.search(done, f"did {step!r}")

    async def heard(self, event):
        await self.search(lambda: event if event in self.events else None, f"heard {event}")


class Tour:
    def __init__(self, sandbox, bot, ana, ben):
        self.sandbox, self.bot, self.ana, self.ben = sandbox, bot, ana, ben
        self.study = sandbox.told["study_channel_id"]

    def by_bot(self, data):
        return data.get("author", {}).get("id") == self.sandbox.told["bot"]["id"]

    async def ready(self):
        ready = await self.bot.did("ready")
        assert ready["user"] == self.sandbox.told["bot"]["id"], ready

    async def guild(self):
        guild = await self.bot.did("guild")
        assert guild["id"] == self.sandbox.told["guild_id"], guild
        assert guild["channels"] == len(self.sandbox.told["channels"]), guild

    async def send(self):
        await self.ana.say("tour: send")
        told = await self.bot.did("send")
        seen = await self.ana.wait("MESSAGE_CREATE", lambda one: one["id"] == told["message"])
        assert seen["content"] == "A first word <@%s>" % self.ben.id, seen
        assert [one["id"] for one in seen["mentions"]] == [self.ben.id], seen
        assert seen["embeds"][0]["title"] == "A card" and len(seen["embeds"][0]["fields"]) == 2, seen
        self.message = seen

    async def thread(self):
        await self.ana.say("tour: thread")
        told = await self.bot.did("thread")
        seen = await self.ana.wait("THREAD_CREATE", lambda one: one["id"] == told["thread"])
        assert (seen["id"], seen["name"]) == (self.message["id"], "A thread"), seen
        said = await self.ana.wait("MESSAGE_CREATE", lambda one: one["content"] == "Inside")
        assert said["channel_id"] == seen["id"], said
        await self.ben.say("heard in the thread", channel=seen["id"])
        await self.bot.did("heard", lambda one: one["text"] == "heard in the thread")

    async def reaction(self):
        await self.ana.say("tour: react")
        await self.ana.wait("MESSAGE_REACTION_ADD", lambda one: one["emoji"]["name"] == "✅")
        await self.ben.ask("PUT", f"/channels/{self.study}/messages/{self.message['id']}/reactions/%F0%9F%91%8D/@me")
        told = await self.bot.did("reacted", lambda one: one["emoji"] == "👍")
        assert told["user"] == self.ben.id, told
        await self.ana.say("tour: unreact")
        await self.ana.wait("MESSAGE_REACTION_REMOVE", lambda one: one["emoji"]["name"] == "✅")

    async def edit(self):
        await self.ana.say("tour: edit")
        seen = await self.ana.wait("MESSAGE_UPDATE", lambda one: one["content"] == "A better word")
        assert seen["id"] == self.message["id"] and seen["edited_timestamp"], seen
        said = await self.ben.say("a word with a fault")
        await self.ben.ask("PATCH", f"/channels/{self.study}/messages/{said['id']}", json={"content": "a word without"})
        await self.bot.did("edited", lambda one: one["text"] == "a word without")
        await self.ben.ask("DELETE", f"/channels/{self.study}/messages/{said['id']}")
        await self.bot.did("deleted", lambda one: one["message"] == said["id"])

    async def pin(self):
        await self.ana.say("tour: pin")
        told = await self.bot.did("pin")
        assert told["pinned"] == [self.message["id"]], told

    async def file(self):
        await self.ana.say("tour: file")
        seen = await self.ana.wait("MESSAGE_CREATE", lambda one: self.by_bot(one) and one["attachments"])
        attached = seen["attachments"][0]
        assert (attached["filename"], attached["size"]) == (FILE, len(BYTES)), attached
        async with self.sandbox.http.get(attached["url"]) as answer:
            assert await answer.read() == BYTES
        await self.ben.say("with a file", files=[("of-ben.txt", b"of Ben")])
        told = await self.bot.did("heard", lambda one: one["text"] == "with a file")
        assert told["files"] == [["of-ben.txt", "of Ben"]], told

    async def history(self):
        await self.ana.say("tour: history")
        told = await self.bot.did("history")
        assert self.message["id"] in told["messages"] and len(told["messages"]) >= 5, told

    async def look(self):
        """What the bot finds when it asks for everything by its name."""
        await self.ana.say("tour: look")
        told, here = await self.bot.did("look"), self.sandbox.told
        everybody = [one["id"] for one in here["members"]] + [here["bot"]["id"]]
        assert told["guilds"] == [here["guild_id"]], told
        assert set(here["channels"].values()) <= set(told["channels"]), told
        assert {"Organisers", "Study team"} < set(told["roles"]), told
        assert sorted(told["members"]) == sorted(everybody), told
        assert (told["member"], told["channel"]) == ("Ben", self.study), told
        assert (told["message"], told["threads"]) == ("A better word", [self.message["id"]]), told
        assert told["reactors"] == [self.ben.id], told

    async def chores(self):
        """Typing, a nickname, a thread of its own from beginning to end, and tidying up."""
        await self.ana.say("tour: chores")
        told, bot = await self.bot.did("chores"), self.sandbox.told["bot"]["id"]
        await self.ana.wait("TYPING_START", lambda one: one["user_id"] == bot)
        await self.ana.wait("GUILD_MEMBER_UPDATE", lambda one: one["user"]["id"] == bot and one["nick"] == "Guide")
        await self.bot.heard("GUILD_MEMBER_UPDATE")
        thread = await self.ana.wait("THREAD_CREATE", lambda one: one["id"] == told["thread"])
        assert (thread["name"], thread["parent_id"]) == ("Aside", self.study), thread
        await self.ana.wait("THREAD_UPDATE", lambda one: one["id"] == told["thread"]
                            and one["name"] == "Apart" and one["thread_metadata"]["archived"])
        assert told["archived"] == [told["thread"]], told
        await self.ana.wait("THREAD_DELETE", lambda one: one["id"] == told["thread"])
        await self.ana.wait("MESSAGE_DELETE", lambda one: one["id"] == told["gone"])
        await self.ana.wait("MESSAGE_REACTION_REMOVE", lambda one: one["user_id"] == self.ben.id)
        assert told["pinned"] == [], told

    async def direct(self):
        await self.ana.say("tour: direct")
        seen = await self.ben.wait("MESSAGE_CREATE", lambda one: one["content"] == "A word in private")
        assert "guild_id" not in seen, seen
        await self.ben.say("an answer in private", channel=seen["channel_id"])
        await self.bot.did("heard", lambda one: one["text"] == "an answer in private")
        assert not [one for kind, one in self.ana.events if one.get("content") == "A word in private"]

    async def command(self):
        await self.ana.say("tour: register")
        await self.bot.did("register")
        call = await self.ana.command("tour", options=[{"name": "topic", "type": 3, "value": "asyncio"}])
        since = await self.ana.succeeds(2, call)
        self.panel = await self.ana.wait("MESSAGE_CREATE", lambda one: one["content"] == "About asyncio", since)
        assert [len(row["components"]) for row in self.panel["components"]] == [2, 1, 1], self.panel

    async def autocomplete(self):
        call = await self.ana.command("tour", options=[{"name": "topic", "type": 3, "value": "as", "focused": True}])
        since, nonce = await self.ana.interact(4, call)
        told = await self.ana.wait("APPLICATION_COMMAND_AUTOCOMPLETE_RESPONSE", lambda one: one["nonce"] == nonce, since)
        assert [one["value"] for one in told["choices"]] == ["asyncio", "as-patterns"], told

    async def menu(self):
        call = await self.ana.command("Count letters", 3, target_id=self.message["id"])
        since = await self.ana.succeeds(2, call)
        seen = await self.ana.wait("MESSAGE_CREATE", lambda one: one["content"] == "13 letters", since)
        assert seen["flags"] & 64, seen

    async def deferred(self):
        since = await self.ana.succeeds(2, await self.ana.command("slow"))
        await self.ana.wait("MESSAGE_UPDATE", lambda one: one["content"] == "Worth the wait", since)
        await self.ana.wait("MESSAGE_CREATE", lambda one: one["content"] == "And one thing more", since)

    async def errands(self):
        """An answer and one after it: read, mended, taken back."""
        since = await self.ana.succeeds(2, await self.ana.command("errands"))
        told = await self.bot.did("errands")
        assert (told["original"], told["followup"]) == ("First", "Second, mended"), told
        first = await self.ana.wait("MESSAGE_UPDATE", lambda one: one["content"] == "First", since)
        second = await self.ana.wait("MESSAGE_UPDATE", lambda one: one["content"] == "Second, mended", since)
        for gone in (first, second):
            await self.ana.wait("MESSAGE_DELETE", lambda one: one["id"] == gone["id"], since)

    async def commands(self):
        """One command everywhere and one in the guild: made, read, changed, deleted."""
        await self.ana.say("tour: commands")
        told = await self.bot.did("commands")
        for place in ("wide", "near"):
            assert told[place] == ["Before", "After"], told
        assert told["left"] == [[], ["Count letters", "errands", "slow", "tour"]], told
        app, guild = self.sandbox.told["bot"]["id"], self.sandbox.told["guild_id"]
        known = await self.ana.ask("GET", f"/applications/{app}/guilds/{guild}/commands")
        assert sorted(one["name"] for one in known) == told["left"][1], known

    async def button(self):
        button = part(self.panel, "Press")
        since = await self.ben.succeeds(3, {"component_type": 2, "custom_id": button["custom_id"]}, self.panel)
        seen = await self.ben.wait("MESSAGE_UPDATE", lambda one: one["id"] == self.panel["id"], since)
        assert seen["content"] == "Pressed by Ben", seen
        assert [len(row["components"]) for row in seen["components"]] == [2, 1, 1], seen

    async def choose(self, custom_id, values, says):
        menu = part(self.panel, custom_id)
        data = {"component_type": menu["type"], "custom_id": menu["custom_id"], "values": values}
        since = await self.ben.succeeds(3, data, self.panel)
        seen = await self.ben.wait("MESSAGE_CREATE", lambda one: one["content"] == says, since)
        assert seen["flags"] & 64, seen
        assert not [one for _, one in self.ana.events if one.get("content") == says], "it was private"

    async def select(self):
        await self.choose("colours", ["red", "blue"], "You chose red, blue")

    async def user_select(self):
        await self.choose("people", [self.ana.id], "You chose Ana")

    async def modal(self):
        form = part(self.panel, "Form")
        since = await self.ben.succeeds(3, {"component_type": 2, "custom_id": form["custom_id"]}, self.panel)
        modal = await self.ben.wait("INTERACTION_MODAL_CREATE", lambda one: one["title"] == "A form", since)
        inputs = [{"type": 1, "components": [{"type": 4, "custom_id": "why", "value": "because"}]}]
        data = {"id": modal["id"], "custom_id": modal["custom_id"], "components": inputs}
        since = await self.ben.succeeds(5, data, self.panel)
        await self.ben.wait("MESSAGE_CREATE", lambda one: one["content"] == "You wrote: because", since)

    async def resume(self):
        before = len([one for one in self.bot.done if one["did"] == "ready"])
        await self.sandbox.wreck(gateway="drop")
        for number in range(5):
            await self.ben.say(f"while it was away {number}")
        for number in range(5):
            await self.bot.did("heard", lambda one: one["text"] == f"while it was away {number}")
        await self.bot.did("resumed")
        assert "RESUMED" in self.bot.events, self.bot.events[-20:]
        assert len([one for one in self.bot.done if one["did"] == "ready"]) == before, "it began anew"
        away = [one["text"] for one in self.bot.done if one.get("text", "").startswith("while it was away")]
        assert away == [f"while it was away {number}" for number in range(5)], away

    async def limit(self):
        await self.sandbox.requests()
        await self.sandbox.wreck(requests=[{"method": "POST", "route": "/channels/{channel_id}/messages",
                                            "fault": {"rate_limit": {"retry_after_s": 1.2}}}])
        began = time.monotonic()
        await self.ana.say("tour: patience")
        await self.ana.wait("MESSAGE_CREATE", lambda one: one["content"] == "Patience pays")
        assert time.monotonic() - began >= 1.2, "it did not wait"
        sent = [status for method, route, status in await self.sandbox.requests()
                if method == "POST" and route.endswith("/messages")]
        assert sent == [429, 200], sent

    async def end(self):
        await self.ana.say("tour: end")
        code = await asyncio.wait_for(self.bot.process.wait(), PATIENCE)
        assert code == 0, f"the bot ended with {code}"


STEPS = ["ready", "guild", "send", "thread", "reaction", "edit", "pin", "file", "history", "look", "chores", "direct",
         "command", "autocomplete", "menu", "deferred", "errands", "commands", "button", "select", "user_select",
         "modal", "resume", "limit", "end"]


async def main(name, report, words):
    sandbox = await Sandbox().start()
    bot = None
    try:
        ana = await Member(sandbox, "Ana").connect()
        ben = await Member(sandbox, "Ben").connect()
        bot = await Bot().start(sandbox, words)
        tour = Tour(sandbox, bot, ana, ben)
        for step in STEPS:
            try:
                await getattr(tour, step)()
            except Exception:
                print(f"not ok {name}: {step}; the bot's last requests:", flush=True)
                for request in (await sandbox.requests())[-40:]:
                    print("    %s %s %s" % request)
                raise
            if step != "limit":
                await sandbox.requests()
            print(f"ok {name}: {step}", flush=True)
        told = {"client": name, "routes": sorted(sandbox.routes), "events": sorted(set(bot.events))}
        with open(report, "w", encoding="utf-8") as file:
            json.dump(told, file, indent=1)
    finally:
        if bot is not None and bot.process.returncode is None:
            bot.process.kill()
        await sandbox.stop()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], sys.argv[3:]))
