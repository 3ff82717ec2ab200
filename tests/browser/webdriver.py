"""Drives Chromium by the WebDriver protocol, with Python's own library alone."""

import base64
import json
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request

KEYS = {
    "Tab": "\ue004", "Enter": "\ue007", "Shift": "\ue008", "Escape": "\ue00c", "Space": " ",
    "End": "\ue010", "Home": "\ue011", "Left": "\ue012", "Right": "\ue014",
}


class Browser:
    """A Chromium without a window, which ends with the `with` block."""

    def __init__(self, width=1500, height=1000):
        program = shutil.which("chromedriver")
        chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
        if not program or not chromium:
            raise SystemExit("chromium and chromedriver are needed: apt-get install chromium chromium-driver")
        port = free_port()
        self.address = f"http://127.0.0.1:{port}"
        self.driver = subprocess.Popen(
            [program, f"--port={port}"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        until(lambda: self.call("GET", "/status")["ready"], "chromedriver starts", 30)
        arguments = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
                     "--hide-scrollbars", "--force-device-scale-factor=1", f"--window-size={width},{height}"]
        self.session = "/session/" + self.call("POST", "/session", {"capabilities": {"alwaysMatch": {
            "goog:chromeOptions": {"args": arguments, "binary": chromium},
            "goog:loggingPrefs": {"browser": "ALL", "performance": "ALL"},
        }}})["sessionId"]
        self.resize(width, height)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        try:
            self.call("DELETE", self.session)
        finally:
            self.driver.terminate()
            self.driver.wait(20)

    def call(self, method, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(
            self.address + path, method=method, data=data, headers={"content-type": "application/json"})
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as error:
            raise AssertionError(json.load(error)["value"]["message"].splitlines()[0]) from None

    def open(self, address):
        self.call("POST", self.session + "/url", {"url": address})

    def run(self, script, *arguments):
        """Runs the body of a function in the page. Its promise is waited for."""
        return self.call("POST", self.session + "/execute/sync", {"script": script, "args": list(arguments)})

    def until(self, expression, what, seconds=60):
        """Waits until an expression holds in the page."""
        until(lambda: self.run(f"return Boolean({expression})"), what, seconds)

    def press(self, *keys):
        """Presses keys, one after the other. `Shift+n` holds the first meanwhile."""
        actions = []
        for key in keys:
            *held, last = key.split("+") if len(key) > 1 else [key]
            held = [KEYS[each] for each in held]
            last = KEYS.get(last, last)
            actions += [{"type": "keyDown", "value": each} for each in [*held, last]]
            actions += [{"type": "keyUp", "value": each} for each in [last, *held]]
        self.call("POST", self.session + "/actions", {"actions": [{"type": "key", "id": "keys", "actions": actions}]})

    def find(self, selector):
        return self.call("POST", self.session + "/elements", {"using": "css selector", "value": selector})

    def label(self, element):
        """What a screen reader calls an element, which is given as the protocol names it."""
        return self.call("GET", f"{self.session}/element/{next(iter(element.values()))}/computedlabel")

    def devtools(self, command, parameters):
        return self.call("POST", self.session + "/goog/cdp/execute", {"cmd": command, "params": parameters})

    def resize(self, width, height):
        self.devtools("Emulation.setDeviceMetricsOverride",
                      {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False})

    def prefer(self, scheme):
        """`light` or `dark`."""
        self.devtools("Emulation.setEmulatedMedia",
                      {"features": [{"name": "prefers-color-scheme", "value": scheme}]})

    def screenshot(self, path, whole=False):
        """Writes a picture of the page: a PNG, or a WebP by that name."""
        kind = {"format": "png"} if path.suffix == ".png" else {"format": "webp", "quality": 88}
        picture = self.devtools("Page.captureScreenshot", {**kind, "captureBeyondViewport": whole})
        path.write_bytes(base64.b64decode(picture["data"]))

    def complaints(self):
        """What the console says since it was last asked, but for what is no problem."""
        log = self.call("POST", self.session + "/se/log", {"type": "browser"})
        return [f"{entry['level']}: {entry['message']}" for entry in log]

    def requests(self):
        """The addresses that were asked for since this was last called."""
        log = self.call("POST", self.session + "/se/log", {"type": "performance"})
        messages = [json.loads(entry["message"])["message"] for entry in log]
        return [message["params"]["request"]["url"] for message in messages
                if message["method"] == "Network.requestWillBeSent"]


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def until(holds, what, seconds):
    """Waits until something holds that may fail meanwhile."""
    end = time.monotonic() + seconds
    while True:
        try:
            if holds():
                return
            problem = "it does not"
        except (OSError, AssertionError) as error:
            problem = error
        if time.monotonic() > end:
            raise AssertionError(f"not within {seconds} s: {what} ({problem})")
        time.sleep(0.05)
