"""Checks the pages that `runner` shows and writes, in a real Chromium.

    python3 tests/browser/check_pages.py target/debug/runner [--screenshots FOLDER]

Plays some short episodes, one of them with contents that would like to be markup,
and looks at every page of `runner view`, at `runner export html` and at `runner
report --format html`, as a person would: with the mouse, with keys alone, in light
and dark, on a small screen, while a run is going on.
"""

import argparse
import json
import pathlib
import sys
import tempfile
import threading
import time
import urllib.parse

from growing import followed, forked, going_on
from page import Page, ran, served
from webdriver import Browser

HOSTILE = "<script>window.hacked = 1</script><img src=x onerror='window.hacked = 1'>\u202egnirts\u0007\u061c\U000e0041 a" + "\u0301" * 60 + " & \"'`"
HUGE = "many words " * 20_000


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("runner", type=pathlib.Path)
    arguments.add_argument("--screenshots", type=pathlib.Path)
    arguments = arguments.parse_args()
    runner = arguments.runner.resolve()
    with tempfile.TemporaryDirectory() as folder, Browser() as browser:
        folder = pathlib.Path(folder)
        traces = made_traces(runner, folder)
        with served(runner, traces) as address:
            check = Check(browser, runner, folder, traces, address, arguments.screenshots)
            for each in [check.refusals, check.boundless, check.runs_and_links, check.filters, check.player,
                         check.frames, check.turns, check.hostile, check.side_by_side, check.sql, check.keys_alone,
                         check.small_screen, check.single_file, check.report, check.pictures]:
                begun = time.monotonic()
                each()
                check.nothing_wrong(each.__name__)
                print(f"{each.__name__.replace('_', ' ')}: {time.monotonic() - begun:.1f} s", flush=True)
        forked(browser, runner, folder, arguments.screenshots)
        followed(browser, runner, folder, arguments.screenshots)
        going_on(browser, runner, folder)
    print("the pages are sound")


def made_traces(runner, folder):
    """Three worlds, two players, and one episode of somebody hostile."""
    traces = folder / "traces.duckdb"
    ran(runner, "--episodes", "3", "--seed", "1", "--max-steps", "320", "--model", "embedded:expert",
        "--model", "embedded:random", "--traces", traces)
    sessions = json.loads(ran(runner, "sessions", "--json", "--traces", traces))
    ran(runner, "export", "json", sessions[0]["session_id"], "--traces", traces, "--out", folder / "json")
    [exported] = (folder / "json").glob("*.json")
    document = json.loads(exported.read_text())
    trace = document["trace"]
    trace["session_id"] = "hostile" + HOSTILE
    for entry in trace["metadata"]:
        if entry["metadata_type"] == "episode_config":
            entry["data"]["model"] = HOSTILE
        if entry["metadata_type"] == "episode_results":
            entry["data"]["error"] = HOSTILE
    trace["metadata"].append({**trace["metadata"][0], "metadata_type": HOSTILE, "data": HOSTILE, "seq": 1_000_000})
    for message in trace["message_history"]:
        record = message["record"]
        payload = record["content"]["payload"]
        if record["message_type"] == "llm_completion":
            payload.update(text=HOSTILE, reasoning=HOSTILE + HUGE)
            for call in payload["tool_calls"]:
                call["name"] = HOSTILE
    for event in trace["event_history"]:
        record = event["record"]
        record.get("metadata", {}).update(effect=HOSTILE)
        if "model_name" in record:
            record["model_name"] = HOSTILE
        for result in record.get("event_metadata", []):
            result["description"] = HOSTILE
    exported.write_text(json.dumps(document))
    ran(runner, "import", exported, "--traces", traces)
    return traces


class Check(Page):
    def refusals(self):
        """The server answers its own page only, reads its own files only, and writes nothing."""
        place = urllib.parse.urlsplit(self.address)
        for host in ["evil.example", f"evil.example:{place.port}", "192.0.2.1", f"localhost.evil.example:{place.port}"]:
            assert self.raw("/api/runs", host=host)[0] == 403, host
        for head in ["HTTP/1.0\r\n", "HTTP/1.1\r\nHost: localhost\r\n", f"HTTP/1.1\r\nHost: localhost:{place.port + 1}\r\n",
                     f"HTTP/1.1\r\nHost: localhost.:{place.port}\r\n", f"HTTP/1.1\r\nHost: {place.netloc}\r\nHost: evil.example\r\n",
                     f"HTTP/1.1\r\nHost: evil.example\r\nHost: {place.netloc}\r\n"]:
            assert self.status(f"GET /api/runs {head}Connection: close\r\n\r\n") in (400, 403), head
        assert self.status(f"GET http://evil.example/api/runs HTTP/1.1\r\nHost: {place.netloc}\r\nConnection: close\r\n\r\n") == 403
        assert self.status(f"GET /api/runs HTTP/1.1\r\nHost: [::1]:{place.port}\r\nConnection: close\r\n\r\n") == 200
        for missing in ["turns/99999", "frames/99999"]:
            assert self.raw(f"/api/episodes/{self.expert}/{missing}")[0] == 404, missing
        for origin in ["http://evil.example", "null", "https://" + place.netloc]:
            assert self.raw("/api/runs", headers={"Origin": origin})[0] == 403, origin
        for mode in [{"Sec-Fetch-Mode": "no-cors"}, {"Sec-Fetch-Mode": "navigate"}, {}]:
            assert self.raw("/api/runs", headers={"Sec-Fetch-Site": "cross-site", **mode})[0] == 403, mode
        for path in ["/../../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "//etc/passwd", "/style.css/../../app.js", "/assets/app.js",
                     "/api/episodes/..%2f..%2fetc%2fpasswd", "/api/episodes/%00", "/api/nothing"]:
            status, answer = self.raw(path)
            assert status in (400, 404) and "root:" not in answer, (path, status)
        assert self.raw("/", "POST")[0] == 405
        assert "default-src 'none'" in self.headers["content-security-policy"]
        ask = lambda sql: self.raw("/api/sql", "POST", json.dumps({"sql": sql}), {"Content-Type": "application/json"})
        assert ask("select 1")[0] == 200
        target = self.folder / "written"
        for sql in ["drop table events", "update events set cost = 0", "delete from events", f"copy (select 1) to '{target}'",
                    f"attach '{target}' as other", "select * from read_csv('/etc/passwd')", "select * from '/etc/passwd'",
                    "select 1) ; drop table events ; select (1", "create temp table events as select 1", "set threads = 1",
                    "select * from glob('/*')", f"export database '{target}'", "install httpfs", ""]:
            status, answer = ask(sql)
            assert status in (400, 500) and "error" in json.loads(answer), (sql, status, answer)
        assert not target.exists()
        assert len(json.loads(ask("select * from range(100000)")[1])["rows"]) == 1000
        assert self.raw("/api/sql", "POST", "sql=select 1", {"Content-Type": "text/plain"})[0] == 415

    def boundless(self):
        """A question that the database cannot interrupt is ended, and others are answered meanwhile."""
        endless = json.dumps({"sql": "select levenshtein(repeat('x', 1000000), repeat('y', 1000000))"})
        answers = []
        begun = time.monotonic()
        asking = threading.Thread(target=lambda: answers.append(self.raw("/api/sql", "POST", endless, {"Content-Type": "application/json"})))
        asking.start()
        while asking.is_alive():
            asked = time.monotonic()
            self.api("/api/status")
            assert self.api("/api/sql", "POST", json.dumps({"sql": "select 7"}), {"Content-Type": "application/json"})["rows"] == [[7]]
            assert time.monotonic() - asked < 8, "others are answered"
            asking.join(1)
        [(status, answer)] = answers
        assert status == 400 and "no answer within 10 s" in answer, (status, answer)
        assert time.monotonic() - begun < 25

    def runs_and_links(self):
        """Every link leads somewhere."""
        self.visit("#/")
        assert "embedded:expert" in self.text("main")
        self.readable("runs")
        waiting, known = ["#/"], {"#/"}
        while waiting and len(known) < 30:
            page = waiting.pop(0)
            self.visit(page)
            assert "That did not work" not in self.text("h1"), page
            for link in self.browser.run("return [...document.querySelectorAll('a[href]')].map((each) => each.getAttribute('href'))"):
                assert link.startswith("#"), (page, link)
                if link.startswith("#/") and link not in known:
                    known.add(link)
                    waiting.append(link)
        assert len(known) > 15, known
        self.visit("#/episodes?seed=many")
        assert "seed: invalid" in self.text("main")
        self.visit("#/nowhere")
        assert "There is no such page" in self.text("main")
        self.visit(f"#/episode/{self.expert[:-4]}")
        assert "embedded:expert" in self.text("h1"), "the beginning of an id is enough"
        self.visit("#/episode/nobody")
        assert "holds no session" in self.text("main")
        self.browser.complaints()  # of what was asked for and is not there

    def filters(self):
        """The list shows what passes, in the order that was asked for."""
        rows = "document.querySelectorAll('table.episodes tbody tr').length"
        self.visit("#/episodes")
        assert self.browser.run(f"return {rows}") == len(self.episodes)
        self.readable("episodes")
        self.browser.run("const box = document.querySelector('select[name=model]'); box.value = 'embedded:random'; box.dispatchEvent(new Event('change'))")
        self.browser.until(f"{rows} === 3", "the filter is applied")
        self.browser.run("const box = document.querySelector('select[name=achievement]'); box.value = 'collect_diamond'; box.dispatchEvent(new Event('change'))")
        self.browser.until("document.querySelector('main').textContent.includes('No episode passes')", "nothing passes")
        self.visit("#/episodes?min=3&sort=achievements&descending=true")
        counts = self.browser.run("return [...document.querySelectorAll('.count')].map((each) => Number(each.textContent))")
        assert counts == sorted(counts, reverse=True) and min(counts) >= 3, counts
        self.visit("#/episodes")
        self.browser.run("const box = document.querySelector('input[name=min]'); box.value = '3'; box.dispatchEvent(new Event('change'))")
        wanted = sum(len(row["achievements"]) >= 3 for row in self.episodes)
        self.browser.until(f"{rows} === {wanted} && location.hash.includes('min=3')", "the scores are filtered")
        assert 0 < wanted < len(self.episodes), self.episodes
        self.visit("#/episodes?limit=2")
        assert self.browser.run(f"return {rows}") == 2

    def player(self):
        """Keys and buttons go through an episode."""
        self.visit(f"#/episode/{self.expert}", ".turn h2")
        self.readable("episode")
        assert self.place() == 0
        frame = "return document.querySelector('canvas.view').toDataURL()"
        first = self.browser.run(frame)
        self.browser.press("Right", "Right", "Right")
        assert self.place() == 3
        self.browser.press("Shift+Right", "Left")
        assert self.place() == 12 and self.browser.run(frame) != first
        self.browser.press("Home", "n")
        assert self.browser.find(".caption .badge"), "an unlock is named"
        unlock = self.place()
        self.browser.press("n", "Shift+N")
        assert self.place() == unlock
        self.browser.press("Home", "i")
        assert self.browser.find(".caption .bad"), "an action without effect is named"
        self.browser.press("Home", "t")
        assert self.place() >= 1
        self.browser.press("End")
        total = int(self.text(".place").split(" of ")[1])
        assert self.place() == total
        self.browser.press("Home", "+", "+", "Space")
        self.browser.until("Number(document.querySelector('.place').textContent.split(' ')[0]) >= 4", "it plays")
        self.browser.press("Space")
        here = self.place()
        time.sleep(0.3)
        assert self.place() == here, "it pauses"
        self.browser.press("?")
        self.browser.until("document.querySelector('dialog[open]')", "the keys are shown")
        self.readable("keys")
        self.browser.press("Escape")
        self.browser.until("!document.querySelector('dialog[open]')", "the keys are gone")
        self.browser.run("document.querySelectorAll('.achievements button')[1].click()")
        assert self.browser.find(".caption .badge")
        self.browser.until(f"location.hash.endsWith('step={self.place()}')", "the address says where")
        map_now = "document.querySelector('canvas.map').toDataURL()"
        self.browser.run(f"window.light = {map_now}")
        self.browser.prefer("dark")
        self.browser.until(f"{map_now} !== window.light", "the map is drawn anew in the dark")
        self.browser.prefer("light")
        self.browser.run("document.querySelector('#theme').click()")
        assert self.browser.run("return document.documentElement.dataset.theme") == "light"
        self.browser.run("document.querySelector('#theme').click(); document.querySelector('#theme').click()")

    def frames(self):
        """What the page draws is what the world draws."""
        for step in [0, 7, 60]:
            self.visit(f"#/episode/{self.expert}?step={step}", ".turn h2")
            self.browser.press("x")
            self.browser.until("document.querySelector('img.exact').complete && document.querySelector('img.exact').naturalWidth > 0", "the exact frame")
            worst = self.browser.run("""
                const view = document.querySelector('canvas.view');
                const exact = document.querySelector('img.exact');
                const unit = exact.naturalWidth / view.width;
                const copy = Object.assign(document.createElement('canvas'), { width: exact.naturalWidth, height: exact.naturalHeight });
                copy.getContext('2d').drawImage(exact, 0, 0);
                const theirs = copy.getContext('2d').getImageData(0, 0, copy.width, copy.height).data;
                const ours = view.getContext('2d').getImageData(0, 0, view.width, view.height).data;
                let worst = 0;
                for (let y = 0; y < view.height; y += 1) for (let x = 0; x < view.width; x += 1) for (let channel = 0; channel < 3; channel += 1) {
                  const at = (Math.floor((y + 0.5) * unit) * copy.width + Math.floor((x + 0.5) * unit)) * 4 + channel;
                  worst = Math.max(worst, Math.abs(ours[(y * view.width + x) * 4 + channel] - theirs[at]));
                }
                return worst;""")
            assert worst <= 3, f"at step {step} a channel differs by {worst} of 255"

    def turns(self):
        """A turn shows what was recorded in it."""
        self.visit(f"#/episode/{self.expert}?step=40", ".turn h2")
        self.browser.until("document.querySelector('.turn .actions .here')", "the action is marked")
        shown = self.text(".turn")
        for word in ["Reasons given with the call", "Tool call", "Observation", "Prompt", "Messages", "Events", "interact"]:
            assert word in shown, word
        self.browser.run("for (const part of document.querySelectorAll('.turn details')) part.open = true")
        self.readable("turn")
        assert "Health:" in shown and "llm completion" in shown

    def hostile(self):
        """What a model writes is text, however much it would like to be more."""
        row = next(row for row in self.episodes if row["id"].startswith("hostile"))
        self.visit("#/episodes")
        self.visit(f"#/episode/{urllib.parse.quote(row['id'], safe='')}?step=20", ".turn h2")
        self.browser.run("for (const part of document.querySelectorAll('details')) part.open = true")
        shown = self.text("main")
        assert "<script>window.hacked = 1</script>" in shown and "[U+202E]" in shown and "[U+0007][U+061C][U+E0041]" in shown
        assert "[54 more marks]" in shown and "\u202e" not in shown and "\u0007" not in shown
        assert self.text("h1").startswith("<script>")
        self.browser.run("document.querySelector('pre button, pre + button').click()")
        assert len(self.text("main")) > 200_000, "all of a long text can be seen"
        assert not self.browser.find("main script, main img:not(.exact)")
        assert self.browser.run("return window.hacked === undefined")
        assert self.browser.run("return document.documentElement.scrollWidth <= innerWidth"), "nothing sticks out"
        self.visit("#/sql")
        self.browser.run("document.querySelector('#question').value = 'select session_id, metadata from session_traces'; document.querySelector('button[type=submit]').click()")
        self.browser.until("document.querySelector('.result')", "the answer")
        assert "<script>" in self.text(".result") and self.browser.run("return window.hacked === undefined")

    def side_by_side(self):
        """Two episodes of one seed go in step."""
        self.visit("#/episodes?seed=1")
        self.browser.run("const boxes = document.querySelectorAll('table.episodes input'); boxes[0].click(); boxes[1].click()")
        self.browser.run("document.querySelector('.compare-bar a').click()")
        self.browser.until("document.querySelectorAll('.side canvas.view').length === 2", "both are shown")
        self.readable("side by side")
        self.browser.press("Right", "Right")
        captions = self.browser.run("return [...document.querySelectorAll('.caption')].map((each) => each.textContent)")
        assert all(caption.startswith("Step 2 ") for caption in captions), captions
        self.browser.press("End", "Home", "n")
        assert self.browser.find(".side .achievements li")
        # Browsers refuse to write addresses as fast as episodes play.
        self.browser.run("""
            const write = history.replaceState.bind(history);
            window.writes = 0;
            window.since = performance.now();
            history.replaceState = (...what) => { window.writes += 1; write(...what); };""")
        self.browser.press("Home", "+", "+", "+", "Space")
        self.browser.until("Number(document.querySelector('.place').textContent.split(' ')[0]) >= 60", "they play fast")
        self.browser.press("Space")
        writes, seconds = self.browser.run("return [window.writes, (performance.now() - window.since) / 1000]")
        assert writes <= 4 * seconds + 2, (writes, seconds)
        self.browser.until(f"location.hash.endsWith('step={self.place()}')", "the address says where")

    def sql(self):
        """Questions are answered as a table, wrong ones with what is wrong."""
        self.visit("#/sql")
        self.browser.run("document.querySelector('#question').focus()")
        self.browser.devtools("Input.dispatchKeyEvent", {"type": "rawKeyDown", "key": "Enter", "code": "Enter", "windowsVirtualKeyCode": 13, "modifiers": 2})
        self.browser.until("document.querySelector('.result tbody tr')", "the answer")
        self.readable("sql")
        assert self.browser.run("return document.querySelector('.result a').getAttribute('href')").startswith("#/episode/")
        self.browser.run("document.querySelector('#question').value = 'select nonsense from nowhere'; document.querySelector('button[type=submit]').click()")
        self.browser.until("document.querySelector('[role=alert]')", "the problem")
        assert "nowhere" in self.text("[role=alert]")
        self.browser.complaints()  # of the 400, which was asked for

    def keys_alone(self):
        """From the runs to a step of an episode without a mouse, and always in sight."""
        self.visit("#/")
        self.browser.run("document.activeElement.blur()")
        for wanted in ["Episodes", "embedded:expert"]:
            for _ in range(60):
                self.browser.press("Tab")
                focus = self.browser.run("""
                    const element = document.activeElement;
                    const style = getComputedStyle(element);
                    return { text: element.textContent, outline: parseFloat(style.outlineWidth), body: element === document.body };""")
                assert focus["body"] or focus["outline"] >= 1, focus
                if focus["text"] == wanted:
                    break
            else:
                raise AssertionError(f"the tab key does not reach {wanted}")
            self.browser.press("Enter")
            self.browser.until(f"document.title.startsWith({json.dumps(wanted)})", f"{wanted} is shown")
        self.browser.until("document.querySelector('.place')", "the player")
        self.browser.press("Right", "Right")
        assert self.place() == 2

    def small_screen(self):
        """On a telephone nothing sticks out."""
        self.browser.resize(390, 800)
        for page in ["#/", "#/episodes", f"#/episode/{self.expert}?step=9", "#/sql"]:
            self.visit(page)
            width = self.browser.run("return document.documentElement.scrollWidth")
            assert width <= 390, (page, width)
        self.visit("#/episodes")
        hidden, hint = self.browser.run("""
            const box = document.querySelector('.scroll');
            return [box.scrollWidth - box.clientWidth, getComputedStyle(box).backgroundImage];""")
        assert hidden > 0 and "gradient" in hint, "a shadow says that there is more"
        self.browser.resize(1500, 1000)

    def single_file(self):
        """The page of one episode plays by itself."""
        page = self.folder / "episode.html"
        ran(self.runner, "export", "html", self.expert, "--traces", self.traces, "--out", page)
        assert page.stat().st_size < 400_000, page.stat()
        self.visit(f"#/episode/{self.expert}?step=30", ".turn h2")
        frame = "return document.querySelector('canvas.view').toDataURL()"
        served_frame = self.browser.run(frame)
        self.browser.requests()
        self.browser.open(page.as_uri())
        self.browser.until("document.querySelector('.turn .actions .here, .turn h2')", "the episode is shown")
        self.browser.press(*["Shift+Right"] * 3)
        self.browser.until("document.querySelector('.turn .actions .here')", "the turn is shown")
        assert self.browser.run(frame) == served_frame
        asked = [each for each in self.browser.requests() if not each.startswith("data:")]
        assert asked == [page.as_uri()], asked
        self.readable("single file")
        hostile = next(row["id"] for row in self.episodes if row["id"].startswith("hostile"))
        ran(self.runner, "export", "html", hostile, "--traces", self.traces, "--out", page)
        self.browser.open(page.as_uri())
        self.browser.until("document.querySelector('.turn h2')", "the hostile episode is shown")
        assert self.browser.run("return window.hacked === undefined") and "[U+202E]" in self.text("h1")

    def report(self):
        """The report's page is readable in light and dark, and needs nobody."""
        page = self.folder / "report.html"
        ran(self.runner, "report", "--format", "html", "--traces", self.traces, "--output", page)
        self.browser.requests()
        self.browser.open(page.as_uri())
        self.browser.run("for (const part of document.querySelectorAll('details')) part.open = true")
        self.readable("report")
        assert self.browser.requests() == [page.as_uri()]
        self.picture("report", whole=True)
        self.browser.resize(390, 800)
        assert self.browser.run("return document.documentElement.scrollWidth <= 390"), "the report sticks out"
        self.browser.resize(1500, 1000)
        self.browser.open("about:blank")

    def pictures(self):
        """Pictures of the pages, if they are wanted."""
        if not self.screenshots:
            return
        self.visit("#/")
        self.picture("runs")
        self.visit("#/episodes")
        self.picture("episodes")
        self.visit(f"#/episode/{self.expert}?step=119", ".turn .actions .here")
        self.picture("episode")
        self.visit(f"#/compare/{self.episodes[0]['id']}/{self.episodes[1]['id']}?", ".side")
        self.browser.press(*["Shift+Right"] * 9)
        self.picture("compare")
        self.visit("#/sql")
        self.browser.run("document.querySelectorAll('.sql button.plain')[2].click()")
        self.browser.until("document.querySelector('.result')", "the answer")
        self.picture("sql")

if __name__ == "__main__":
    sys.exit(main())
