"""Takes the pictures of the documentation, of runs that are played for them.

    python3 tests/browser/take_pictures.py target/release/runner docs/images

Two players in the same worlds, and what others would have made of one episode: its page,
the list of episodes and the runs, each in light and dark.
"""

import argparse
import pathlib
import tempfile
import time

from page import Page, ran, served
from webdriver import Browser

WIDTH = 1360


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("runner", type=pathlib.Path)
    arguments.add_argument("images", type=pathlib.Path)
    arguments = arguments.parse_args()
    runner = arguments.runner.resolve()
    with tempfile.TemporaryDirectory() as folder, Browser(WIDTH, 900) as browser:
        folder = pathlib.Path(folder)
        traces = folder / "crafter.duckdb"
        ran(runner, "--episodes", "5", "--model", "embedded:expert", "--model", "embedded:random", "--traces", traces)
        with served(runner, traces) as address:
            parent = Page(browser, runner, folder, traces, address, None).expert
        ran(runner, "fork", parent, "--at-step", "200", "--model", "embedded:expert", "--model", "embedded:random", "--reseed",
            "--traces", traces)
        with served(runner, traces) as address:
            page = Page(browser, runner, folder, traces, address, None)
            for name, path, there, height in [
                    ("episode", f"#/episode/{parent}?step={moment(page, parent)}", ".turn .actions .here", 900),
                    ("episodes", "#/episodes", "table.episodes", 620), ("runs", "#/", ".card", 560)]:
                browser.resize(WIDTH, height)
                page.visit(path, there)
                for scheme in ["light", "dark"]:
                    browser.prefer(scheme)
                    # What moves comes to rest.
                    time.sleep(0.7)
                    browser.screenshot(arguments.images / f"{name}-{scheme}.webp")


def moment(page, episode):
    """The step of an unlock that is hard and by day."""
    film = page.api(f"/api/episodes/{episode}")["film"]
    hard = {each["name"] for each in page.api("/api/facts")["achievements"] if each["tier"] == "hard"}
    return next(step for step, (done, state) in enumerate(zip(film["steps"], film["states"][1:]), 1)
                if hard & set(done.get("unlocked", [])) and state["light"] > 0.9)


if __name__ == "__main__":
    main()
