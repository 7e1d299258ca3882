"""Runs the panel's models without its page: modules of static/ in Chromium, with doubles of the network and the clock alone."""

from collections.abc import Awaitable
from typing import Any, Protocol

from scripts.lib.server import Server
from tests.browser.conftest import OpenWindow

# `load(name)` imports a module of static/js by its path there; `tick()` lets what is waiting for an answer go on.
PRELUDE = """async ([source, args]) => {
  const base = document.querySelector("script[type=module]").src.replace(/\\/js\\/.*$/, "/js/");
  const load = (name) => import(base + name);
  const tick = () => new Promise((done) => setTimeout(done));
  return await (%s)({ load, tick }, ...args);
}"""


class Run(Protocol):
    """Runs a function of JavaScript; see the fixture `run`."""

    def __call__(self, source: str, *args: Any) -> Awaitable[Any]: ...


async def in_window(hall: Server, open_window: OpenWindow) -> Run:
    """`await run("async ({ load, tick }, ...args) => ...", ...args)` in a window of the home page."""
    window = await open_window(hall.url)

    async def run(source: str, *args: Any) -> Any:
        return await window.page.evaluate(PRELUDE % source, [source, list(args)])

    return run
