"""Checks pages of files that grow: forks, and runs that are still going."""

import contextlib
import http.server
import json
import subprocess
import threading
import time

from page import Page, ran, served
from webdriver import until


def left(browser):
    """Leaves a page whose server has ended, and what it says of that."""
    browser.open("about:blank")
    browser.complaints()
    browser.requests()


def forked(browser, runner, folder, screenshots):
    """An episode that goes on from another: what it inherits, and both in step."""
    begun = time.monotonic()
    left(browser)
    traces = folder / "forked.duckdb"
    ran(runner, "--episodes", "1", "--seed", "1", "--max-steps", "120", "--model", "embedded:expert", "--traces", traces)
    [parent] = json.loads(ran(runner, "sessions", "--json", "--traces", traces))
    told = json.loads(ran(runner, "fork", parent["session_id"], "--at-step", "60", "--model", "embedded:random",
                          "--continuations", "1", "--json", "--traces", traces))
    [child] = told["models"][0]["session_ids"]
    inherited = told["achievements"]
    assert inherited > 0, told
    with served(runner, traces) as address:
        check = Page(browser, runner, folder, traces, address, screenshots)
        row = next(each for each in check.episodes if each["id"] == child)
        assert row["forked_at"] == 60 and len(row["achievements"]) >= inherited, row
        check.visit("#/episodes")
        assert "fork @60" in check.text(f"a[href='#/episode/{child}']").strip() + browser.run(
            f"return document.querySelector(\"a[href='#/episode/{child}']\").parentElement.textContent")
        check.visit(f"#/episode/{child}")
        heading = browser.run("return [...document.querySelectorAll('h2')].map((each) => each.textContent).find((each) => each.startsWith('Achievements'))")
        assert heading == f"Achievements: {len(row['achievements'])} of 22", heading
        assert check.text(".place").startswith("60 of "), check.text(".place")
        check.visit("#/")
        card = browser.run("return document.querySelector('.card').textContent")
        assert "fork" in card and "Goes on from step 60 of embedded:expert, seed 1" in card, card
        assert "embedded:expert (the parent)" in card and "achievements since" in card, card
        browser.run("document.querySelector('.card p a').click()")
        browser.until("document.querySelector('.place')?.textContent.startsWith('60 of 120')", "the parent, where the fork begins")
        assert "Others went on from step 60" in check.text("main"), check.text("header.episode-head")
        check.visit(f"#/compare/{parent['session_id']}/{child}?step=80", "main h1")
        captions = browser.run("return [...document.querySelectorAll('.caption')].map((each) => each.textContent)")
        assert len(captions) == 2 and all(each.startswith("Step 80 ") for each in captions), captions
        browser.press("Home")
        assert "begins at step 60" in browser.run("return document.querySelector('.pair').textContent")
        check.nothing_wrong("forked")
        # Addresses that are none say so, and break nothing.
        for page, wanted in [(f"#/episode/{child}?step=abc", "Step 60"), ("#/episode/%zz", "That did not work"),
                             ("#/episodes?sort=foo", "That did not work"), (f"#/compare/{child}", "That did not work")]:
            check.visit(page)
            assert wanted in check.text("main"), (page, check.text("main")[:200])
        if screenshots:
            check.visit(f"#/compare/{parent['session_id']}/{child}?step=80")
            browser.screenshot(screenshots / "forked.png")
    browser.complaints()
    print(f"forked: {time.monotonic() - begun:.1f} s", flush=True)


def going_on(browser, runner, folder):
    """A run that is still going is shown as far as it is."""
    begun = time.monotonic()
    traces = folder / "going.duckdb"
    run = subprocess.Popen([runner, "--episodes", "2000", "--concurrency", "1", "--traces", traces], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        until(lambda: traces.exists() and traces.stat().st_size > 0, "the run begins", 60)
        time.sleep(1)
        with served(runner, traces) as address:
            browser.open(address + "#/episodes")
            browser.until("document.querySelector('#status .running')", "the page says that a run goes on", 60)
            count = "Number(document.querySelector('.pages')?.textContent.match(/of ([\\d,]+)/)?.[1].replace(',', ''))"
            browser.until(f"{count} >= 1", "an episode is listed", 60)
            before = browser.run(f"return {count}")
            browser.until(f"{count} > {before}", "more episodes are listed by themselves", 60)
            assert run.poll() is None, "the run goes on"
            run.terminate()
            run.wait(60)
            browser.until("!document.querySelector('#status .running')", "the page says that the run is over", 60)
            # Before the server ends, which the page would complain of.
            complaints = [each for each in browser.complaints() if not each.startswith("INFO")]
            assert not complaints, complaints
    finally:
        run.kill()
        run.wait(20)
    print(f"a run that goes on: {time.monotonic() - begun:.1f} s", flush=True)


class Endpoint(http.server.ThreadingHTTPServer):
    """A model that always waits, and answers when it may. Its first answer is that it is
    busy."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Answers)
        self.asked = 0
        self.may_answer = threading.Semaphore(0)

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}/v1"


class Answers(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        request = json.loads(self.rfile.read(int(self.headers["content-length"])))
        self.server.may_answer.acquire()
        self.server.asked += 1
        call = {"name": "interact", "arguments": json.dumps({"reasoning": "Nothing is urgent.", "actions": ["noop"]})}
        message = {"role": "assistant", "content": "I wait.", "reasoning_content": "Let me see.",
                   "tool_calls": [{"id": f"call_{self.server.asked}", "type": "function", "function": call}]}
        if request["model"] == "other" and "Step: 3 " in str(request["messages"][-1]["content"]):
            # Once, for the answer to it begins with what was wrong.
            if "Nothing was executed" not in str(request["messages"][-1]["content"]):
                message = {"role": "assistant", "content": "I would rather think."}
        busy = self.server.asked == 1
        self.answer(503 if busy else 200, {"error": {"message": "the model is loading"}} if busy else {
            "id": "x", "object": "chat.completion", "model": "slow",
            "choices": [{"index": 0, "message": message, "finish_reason": "tool_calls"}],
            "usage": {"prompt_tokens": 1234, "completion_tokens": 56, "total_tokens": 1290}})

    def do_GET(self):
        self.answer(200, {"object": "list", "data": [{"id": "slow", "object": "model"}]})

    def answer(self, status, body):
        body = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass

    def handle(self):
        # A run that is ended waits for no answer.
        with contextlib.suppress(ConnectionError):
            super().handle()


@contextlib.contextmanager
def endpoint():
    with Endpoint() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield server
        finally:
            server.may_answer.release(1000)
            server.shutdown()


def followed(browser, runner, folder, screenshots):
    """An episode that is being played is followed, as it was left: what was opened stays
    open. What is known of calls is shown."""
    begun = time.monotonic()
    left(browser)
    traces = folder / "followed.duckdb"
    with endpoint() as model:
        run = subprocess.Popen([runner, "--episodes", "1", "--seed", "1", "--endpoint", model.url, "--model", "slow",
                                "--traces", traces], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            until(lambda: traces.exists() and traces.stat().st_size > 0, "the run begins", 60)
            with served(runner, traces) as address:
                check = until_there(lambda: Page(browser, runner, folder, traces, address, screenshots), "an episode")
                follow(browser, check, model)
                run.terminate()
                run.wait(60)
        finally:
            run.kill()
            run.wait(20)
        [parent] = json.loads(ran(runner, "sessions", "--json", "--traces", traces))
        model.may_answer.release(10)
        told = json.loads(ran(runner, "fork", parent["session_id"], "--at-step", "2", "--endpoint", model.url, "--model", "other",
                              "--continuations", "1", "--max-steps", "5", "--json", "--traces", traces))
    [child] = told["models"][0]["session_ids"]
    left(browser)
    with served(runner, traces) as address:
        check = Page(browser, runner, folder, traces, address, screenshots)
        check.visit(f"#/episode/{parent['session_id']}?step=1", ".turn .actions .here")
        turn = check.text(".turn")
        for wanted in ["1,234 + 56 tokens", "1 failed attempt", "503", "the model is loading", "Let me see.", "Nothing is urgent.", "I wait."]:
            assert wanted in turn, (wanted, turn[:2000])
        browser.run("[...document.querySelectorAll('.turn summary')].find((each) => each.textContent === 'Request and response').click()")
        assert '"finish_reason": "tool_calls"' in check.text(".turn"), "the body of the response"
        check.picture("call")
        check.visit(f"#/episode/{child}?step=3", ".turn .actions .here")
        assert "other" in check.text("h1") and "1,234 + 56 tokens" in check.text(".turn")
        browser.press("t")
        browser.until("location.hash.endsWith('turn=1')", "the address says which turn has no step")
        check.visit(f"#/episode/{child}?turn=1", ".turn h2")
        browser.until("document.querySelector('.turn h2').textContent === 'Turn 1'", "a link leads to it")
        assert "I would rather think." in check.text(".turn") and "no steps" in check.text(".turn")
        check.nothing_wrong("followed")
    left(browser)
    print(f"an episode that is followed: {time.monotonic() - begun:.1f} s", flush=True)


def until_there(make, what):
    """What is made of a file that may not hold it yet."""
    made = []
    until(lambda: made.append(make()) or made[-1].episodes, what, 60)
    return made[-1]


def follow(browser, check, model):
    """Opens and closes parts of a turn, and waits for the next ones, which the model plays
    when they are waited for: however long this takes, the player is alive."""
    [row] = check.episodes
    assert row["ending"] == "running", row
    model.may_answer.release(2)
    check.visit(f"#/episode/{row['id']}", ".turn .actions")
    browser.press("End")
    part = lambda title: f"[...document.querySelectorAll('.turn details')].find((each) => each.firstChild.textContent === '{title}')"
    for title in ["Prompt", "Observation"]:
        browser.until(part(title), title)
        browser.run(f"{part(title)}.firstChild.click()")
    browser.run(f"{part('Prompt')}.firstChild.focus()")
    for steps in [3, 5]:
        model.may_answer.release(2)
        browser.until(f"document.querySelector('.place').textContent === '{steps} of {steps}'", "the next steps are shown", 180)
        browser.until(f"document.querySelector('.turn .here')?.dataset.state === '{steps}'", "their turn is shown")
        assert browser.run(f"return {part('Prompt')}.open && !{part('Observation')}.open"), "what was opened stays open"
    assert browser.run("return document.activeElement.textContent") == "Prompt", "the keyboard stays where it was"
