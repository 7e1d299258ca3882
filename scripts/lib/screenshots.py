"""A picture of every page, at a phone's, a laptop's and a projector's size, light and dark.

Rules: the pages are shown by a real server in the middle of the demo lecture, with viewers connected, never by a mock. Pictures
are reduced to a palette, since they live in the repository. A page that throws stops the run: it is not to be shown.
"""

import argparse
import asyncio
import io
import signal
import sys
import tempfile
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import httpx
from PIL import Image
from playwright.async_api import Browser, Page, async_playwright

from scripts.lib.chromium import FLAGS, chromium_path
from scripts.lib.lecture import BLUE, VOTES, Lecture, ellipse, place, underline
from scripts.lib.server import PROJECT, Server, serve
from scripts.lib.stream import open_stream

SIZES = ((390, 844), (1366, 768), (1920, 1080))
Scheme = Literal["light", "dark"]
SCHEMES: tuple[Scheme, ...] = ("light", "dark")

# The address in the pictures. Nobody is asked for it: the browser is told where it is.
HOST = "lectern.example"

SETTLE_SECONDS = 0.8  # the first event, the slide's image, a sheet sliding in
STILL_SECONDS = 3.0  # the projector's controls leave after 2.5 s
COLORS = 256

POLL = "aliasing"
NOTES = "Ask first, then show. The dots look like a slow wave: where did the fast one go?"


@dataclass(frozen=True, slots=True)
class Scene:
    """What a picture shows: a page, and what is pressed on it first: keys, and elements by selector."""

    name: str
    path: str
    presses: Sequence[str] = ()
    seconds: float = SETTLE_SECONDS


STUDENT, SCREEN, TEACHER = "/{lesson}", "/screen/{lesson}", "/teach/{lesson}#key={key}"
DISMISS = "#teach-link-done"

LESSON = (
    Scene("home", "/"),
    Scene("missing", "/zzzzzz"),
    Scene("student", STUDENT),
    Scene("teacher", TEACHER, [DISMISS]),
    Scene("screen", SCREEN, seconds=STILL_SECONDS),
)
VOTING = (
    Scene("student-poll", STUDENT),
    Scene("teacher-poll", TEACHER, [DISMISS, "[data-tab=polls]"]),
)
RESULT = (
    Scene("student-result", STUDENT, ["#poll"]),
    Scene("screen-result", SCREEN, ["p"], STILL_SECONDS),
)


class Studio:
    """The browser, and where the pictures go."""

    def __init__(self, browser: Browser, lecture: Lecture, folder: Path, only: str) -> None:
        self.browser = browser
        self.lecture = lecture
        self.folder = folder
        self.only = only
        self.total = 0

    async def shoot(self, scenes: Sequence[Scene]) -> None:
        """Each scene at each size and in each scheme."""
        for scene in scenes:
            if not scene.name.startswith(self.only):
                continue
            for size in SIZES:
                for scheme in SCHEMES:
                    picture = await self._picture(scene, size, scheme)
                    file = self.folder / f"{scene.name}-{size[0]}x{size[1]}-{scheme}.png"
                    with Image.open(io.BytesIO(picture)) as image:
                        # An octree keeps the few pixels of a rare colour, such as the pens', which a median cut drops.
                        palette = image.convert("RGB").quantize(
                            COLORS, Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE
                        )
                        palette.save(file, optimize=True)
                    self.total += file.stat().st_size

    async def _picture(self, scene: Scene, size: tuple[int, int], scheme: Scheme) -> bytes:
        width, height = size
        teacher = self.lecture.teacher
        context = await self.browser.new_context(
            viewport={"width": width, "height": height}, color_scheme=scheme
        )
        page = await context.new_page()
        faults: list[str] = []
        page.on("pageerror", lambda error: faults.append(str(error)))
        await page.goto(f"http://{HOST}{scene.path.format(lesson=teacher.lesson, key=teacher.key)}")
        for press in scene.presses:
            await (page.keyboard.press(press) if len(press) == 1 else page.click(press))
        await settle(page, scene.seconds)
        picture = await page.screenshot()
        await context.close()
        if faults:
            raise RuntimeError(f"{scene.name}: {faults}")
        return picture


async def settle(page: Page, seconds: float) -> None:
    """Waits for images, and then a moment."""
    # Playwright's wait_for_function compiles text in the page, which the pages' policy forbids.
    for _ in range(100):
        if await page.evaluate(
            "[...document.images].every(image => image.complete || image.loading === 'lazy')"
        ):
            break
        await asyncio.sleep(0.05)
    await asyncio.sleep(seconds)


async def lecture_on(http: httpx.AsyncClient) -> Lecture:
    """The lesson of the pictures: page 5, drawn on, with notes."""
    lecture = await Lecture.begin(http, pace=0)
    await lecture.teacher.write((f"notes/{lecture.pages[4]}", {"text": NOTES}))
    for number in range(1, 6):
        await lecture.show(number)
    await lecture.draw(5, ellipse(place(560, 284), 600, 420))
    await lecture.draw(5, underline(place(60, 430), 6000), color=BLUE, width=40)
    return lecture


async def run(server: Server, folder: Path, only: str) -> int:
    """Sets each scene and takes its pictures; returns their size in bytes."""
    flags = [
        *FLAGS,
        f"--host-resolver-rules=MAP {HOST}:80 127.0.0.1:{server.port}",
        f"--unsafely-treat-insecure-origin-as-secure=http://{HOST}",  # as behind TLS
    ]
    async with AsyncExitStack() as stack:
        http = await stack.enter_async_context(server.client())
        playwright = await stack.enter_async_context(async_playwright())
        browser = await playwright.chromium.launch(executable_path=chromium_path(), args=flags)
        stack.push_async_callback(browser.close)
        lecture = await lecture_on(http)
        for _ in VOTES:
            await stack.enter_async_context(open_stream(http, lecture.teacher.lesson))
        studio = Studio(browser, lecture, folder, only)
        await studio.shoot(LESSON)
        await lecture.open_poll(POLL)
        await lecture.votes(POLL, server.url)
        await studio.shoot(VOTING)
        await lecture.close_poll(POLL, reveal=True)
        await studio.shoot(RESULT)
        return studio.total


def main() -> None:
    """Reads the arguments and runs."""
    parser = argparse.ArgumentParser(description="Takes a picture of every page into docs/screenshots.")
    parser.add_argument("--into", type=Path, default=PROJECT / "docs" / "screenshots", help="the folder")
    parser.add_argument("--only", default="", help="only pictures whose names begin so, such as `student`")
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # leaves through every `finally`, as Ctrl+C does
    arguments.into.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory(prefix="lectern-screenshots-") as scratch,
        serve(Path(scratch)) as server,
    ):
        total = asyncio.run(run(server, arguments.into, arguments.only))
    print(f"{arguments.into}: {total / 1024:.0f} KiB")


if __name__ == "__main__":
    main()
