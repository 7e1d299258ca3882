"""A picture of every page, at a phone's, a laptop's and a projector's size, light and dark.

Rules: the pages are shown by a real server in the middle of the demo lecture, never by a mock. Pictures are reduced to
a palette, since they live in the repository. A page that logs an error stops the run: a broken page is not to be shown.
"""

import argparse
import asyncio
import io
import tempfile
from pathlib import Path
from typing import Literal

from PIL import Image
from playwright.async_api import Browser, async_playwright

from scripts.lib.chromium import FLAGS, chromium_path
from scripts.lib.lecture import BLUE, Lecture, ellipse, place, underline
from scripts.lib.server import PROJECT, serve

SIZES = ((390, 844), (1366, 768), (1920, 1080))
Scheme = Literal["light", "dark"]
SCHEMES: tuple[Scheme, ...] = ("light", "dark")

SETTLE_SECONDS = 0.8  # the first event, the slide's image, a sheet sliding in
COLORS = 128

POLL = "aliasing"

# What is to be seen while the lecture stands still, by the picture's name.
LESSON = {
    "home": "/",
    "missing": "/zzzzzz",
    "student": "/{lesson}",
    "teacher": "/teach/{lesson}#key={key}",
    "screen": "/screen/{lesson}",
}
VOTING = {"student-poll": "/{lesson}", "teacher-poll": "/teach/{lesson}#key={key}"}
RESULT = {"student-result": "/{lesson}", "screen-result": "/screen/{lesson}"}


async def shoot(browser: Browser, url: str, size: tuple[int, int], scheme: Scheme, file: Path) -> int:
    """One picture; returns its size in bytes."""
    width, height = size
    context = await browser.new_context(viewport={"width": width, "height": height}, color_scheme=scheme)
    page = await context.new_page()
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    await page.goto(url)
    await page.wait_for_function("[...document.images].every(image => image.complete)")
    await asyncio.sleep(SETTLE_SECONDS)
    picture = await page.screenshot()
    await context.close()
    if faults:
        raise RuntimeError(f"{url}: {faults}")
    with Image.open(io.BytesIO(picture)) as image:
        image.convert("RGB").quantize(COLORS).save(file, optimize=True)
    return file.stat().st_size


async def shoot_all(
    browser: Browser, base: str, lecture: Lecture, scenes: dict[str, str], folder: Path, only: str
) -> int:
    """These scenes at each size and in each scheme; returns the bytes of all."""
    total = 0
    for name, path in scenes.items():
        if not name.startswith(only):
            continue
        url = base + path.format(lesson=lecture.teacher.lesson, key=lecture.teacher.key)
        for size in SIZES:
            for scheme in SCHEMES:
                file = folder / f"{name}-{size[0]}x{size[1]}-{scheme}.png"
                total += await shoot(browser, url, size, scheme, file)
    return total


async def run(folder: Path, only: str) -> None:
    """Sets each scene and takes its pictures."""
    folder.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory(prefix="lectern-screenshots-") as scratch,
        serve(Path(scratch)) as server,
    ):
        async with server.client() as http, async_playwright() as playwright:
            browser = await playwright.chromium.launch(executable_path=chromium_path(), args=list(FLAGS))
            lecture = await Lecture.begin(http, pace=0)
            await lecture.teacher.write(
                (
                    f"notes/{lecture.pages[4]}",
                    {
                        "text": "Ask first, then show. The dots look like a slow wave: where did the fast one go?"
                    },
                )
            )
            await lecture.show(4)
            await lecture.show(5)
            await lecture.draw(5, ellipse(place(560, 284), 600, 420))
            await lecture.draw(5, underline(place(60, 430), 6000), color=BLUE, width=40)
            total = await shoot_all(browser, server.url, lecture, LESSON, folder, only)
            await lecture.open_poll(POLL)
            await lecture.votes(POLL, server.url)
            total += await shoot_all(browser, server.url, lecture, VOTING, folder, only)
            await lecture.close_poll(POLL, reveal=True)
            total += await shoot_all(browser, server.url, lecture, RESULT, folder, only)
            await browser.close()
    print(f"{folder}: {total / 1024:.0f} KiB")


def main() -> None:
    """Reads the arguments and runs."""
    parser = argparse.ArgumentParser(description="Takes a picture of every page into docs/screenshots.")
    parser.add_argument("--into", type=Path, default=PROJECT / "docs" / "screenshots", help="the folder")
    parser.add_argument("--only", default="", help="only pictures whose names begin so, such as `student`")
    arguments = parser.parse_args()
    asyncio.run(run(arguments.into, arguments.only))


if __name__ == "__main__":
    main()
