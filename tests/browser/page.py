"""Runs the program, serves its pages, and looks at one as checks need it."""

import contextlib
import http.client
import json
import pathlib
import socket
import subprocess
import time
import urllib.parse

AUDIT = (pathlib.Path(__file__).parent / "audit.js").read_text()


def ran(runner, *arguments, **options):
    done = subprocess.run([runner, *arguments], capture_output=True, text=True, timeout=300, **options)
    if done.returncode != 0:
        raise AssertionError(f"{arguments}: {done.stderr}")
    return done.stdout


@contextlib.contextmanager
def served(runner, traces):
    """The viewer of a file, at the address it prints."""
    with subprocess.Popen([runner, "view", traces.name, "--port", "0"], cwd=traces.parent, stdout=subprocess.PIPE, text=True) as server:
        try:
            yield server.stdout.readline().strip()
        finally:
            server.terminate()


class Page:
    """The pages of one trace file, in a browser."""

    def __init__(self, browser, runner, folder, traces, address, screenshots):
        self.browser, self.runner, self.folder, self.traces = browser, runner, folder, traces
        self.address, self.screenshots = address, screenshots
        self.episodes = self.api("/api/episodes")["rows"]
        self.expert = next((row["id"] for row in self.episodes if row["model"] == "embedded:expert"), None)

    def api(self, path, method="GET", body=None, headers=None, host=None):
        status, answer = self.raw(path, method, body, headers, host)
        assert status == 200, (path, status, answer)
        return json.loads(answer)

    def raw(self, path, method="GET", body=None, headers=None, host=None):
        place = urllib.parse.urlsplit(self.address)
        connection = http.client.HTTPConnection(place.hostname, place.port, timeout=30)
        headers = {"Host": host or place.netloc, **(headers or {})}
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        self.headers = answer.headers
        return answer.status, answer.read().decode(errors="replace")

    def status(self, request):
        """The status of the answer to a request that no library would make."""
        place = urllib.parse.urlsplit(self.address)
        with socket.create_connection((place.hostname, place.port), timeout=30) as connection:
            connection.sendall(request.encode())
            return int(connection.makefile("rb").readline().split()[1])

    def visit(self, page, until="main h1"):
        """Opens a page and waits until it is there."""
        self.browser.open("about:blank")
        self.browser.open(self.address + page)
        self.browser.until(f"document.querySelector({json.dumps(until)}) && !document.querySelector('main[aria-busy]')", f"{page} is shown")

    def text(self, selector):
        return self.browser.run("return document.querySelector(arguments[0])?.textContent ?? null", selector)

    def nothing_wrong(self, where):
        complaints = [each for each in self.browser.complaints() if not each.startswith("INFO")]
        assert not complaints, (where, complaints)
        outside = [each for each in self.browser.requests() if not each.startswith((self.address, "data:", "file:", "about:", "blob:", "chrome:"))]
        assert not outside, (where, outside)

    def readable(self, where):
        """Labels for whoever hears the page, contrast for whoever sees it."""
        for scheme in ["light", "dark"]:
            self.browser.prefer(scheme)
            audit = self.browser.run(AUDIT)
            assert audit["looked"] > 10, (where, audit)
            assert not audit["faults"], (where, scheme, audit["faults"])
        self.browser.prefer("light")
        # What has a text of its own is called so; the rest has to be named.
        unnamed = self.browser.run("""
            const dialog = document.querySelector('dialog[open]') ?? document;
            const all = dialog.querySelectorAll('a, button, input, select, textarea, summary, img:not([hidden]), [role=img]');
            return [...all].filter((each) => each.checkVisibility() && (each.matches('select') || !each.textContent.trim()));""")
        for element in unnamed:
            if not self.browser.label(element):
                raise AssertionError((where, self.browser.run("return arguments[0].outerHTML.slice(0, 200)", element)))

    def place(self):
        return int(self.text(".place").split(" of ")[0])

    def picture(self, name, whole=False):
        if self.screenshots:
            self.screenshots.mkdir(parents=True, exist_ok=True)
            for scheme in ["light", "dark"]:
                self.browser.prefer(scheme)
                time.sleep(0.2)
                self.browser.screenshot(self.screenshots / f"{name}-{scheme}.png", whole)
            self.browser.prefer("light")
