"""The program as its own process, and a browser in front of it."""

import json
import os
import subprocess
import urllib.request
from contextlib import contextmanager

from playwright.sync_api import sync_playwright

PROGRAM = "target/debug/studyhall"
WORDS = ["--json", "--listen", "127.0.0.1:0", "--seed", "7", "--clock", "2026-11-23T07:59:00Z@manual"]
# What a test waits for takes at most so long, in milliseconds.
PATIENCE = 15_000


class Place:
    """A running sandbox: its description, and requests past the page."""

    def __init__(self, told):
        self.told = told
        self.url = told["page"]
        self.origin = told["page"].split("/?")[0]
        self.study = told["study_channel_id"]

    def member(self, name):
        return next(one for one in self.told["members"] if one["name"] == name)

    def ask(self, method, path, token, body=None):
        data = None if body is None else json.dumps(body).encode()
        headers = {"authorization": token, "content-type": "application/json"}
        request = urllib.request.Request(self.told["api"] + path, data, headers, method=method)
        with urllib.request.urlopen(request, timeout=30) as answer:
            text = answer.read()
        return json.loads(text) if text else None

    def say(self, name, channel, text):
        return self.ask("POST", f"/channels/{channel}/messages", self.member(name)["token"],
                        {"content": text})

    def send_file(self, token, channel, name, content):
        mark = "a-mark-that-is-in-no-file"
        head = f'--{mark}\r\ncontent-disposition: form-data; name="files[0]"; filename="{name}"\r\n\r\n'
        body = head.replace('"\r', '"\r').encode() + content + f"\r\n--{mark}--\r\n".encode()
        headers = {"authorization": token, "content-type": f"multipart/form-data; boundary={mark}"}
        address = f"{self.told['api']}/channels/{channel}/messages"
        urllib.request.urlopen(urllib.request.Request(address, body, headers), timeout=30).close()


@contextmanager
def started_as(command):
    """Starts `demo` or `sandbox` and ends it, whatever happens between."""
    process = subprocess.Popen([PROGRAM, command, *WORDS], stdout=subprocess.PIPE, text=True)
    try:
        line = process.stdout.readline()
        if not line:
            raise SystemExit(f"the program ended with {process.wait()} before it was ready")
        yield Place(json.loads(line))
    finally:
        process.terminate()
        process.wait(timeout=30)


@contextmanager
def browser():
    """Chromium without a window."""
    # As root, which CI often is, Chromium starts only without its own sandbox.
    args = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as driver:
        chromium = driver.chromium.launch(executable_path=os.environ["CHROMIUM"], args=args)
        yield chromium
        chromium.close()


class Window:
    """One page, acting as one member; remembers every error of its console."""

    def __init__(self, place, chromium, name, guide=False, **options):
        self.place = place
        self.context = chromium.new_context(**options)
        if not guide:
            self.context.add_init_script("localStorage.setItem('studyhall-guide-seen', '1')")
        self.page = self.context.new_page()
        self.page.set_default_timeout(PATIENCE)
        self.errors = []
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("console", lambda message: message.type == "error"
                     and self.errors.append(message.text))
        self.page.goto(f"{place.url}#{place.member(name)['id']}/{place.study}")
        self.ready()

    def ready(self):
        self.page.wait_for_selector("body[data-connection=connected]")
        self.page.wait_for_selector("#log article")

    def send(self, text):
        self.page.fill("#write", text)
        self.page.press("#write", "Enter")

    def command(self, words):
        """Chooses a command in the composer's list by typing it."""
        self.page.fill("#write", "/" + words)
        self.page.wait_for_selector(f"#commands [role=option]:has(strong:text-is('/{words}'))")
        self.page.press("#write", "Enter")
        self.page.wait_for_selector("form.command")

    def until(self, condition, arg=None):
        """Waits for a condition, asked from outside: the page's policy forbids to poll it inside."""
        for _ in range(PATIENCE // 50):
            if self.page.evaluate(condition, arg):
                return
            self.page.wait_for_timeout(50)
        raise AssertionError(f"never: {condition}")

    def private(self):
        """The newest message that only this member sees."""
        return self.page.locator("article.private").last

    def clean(self):
        assert not self.errors, f"the console is not clean: {self.errors}"
