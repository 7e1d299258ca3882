"""Hostile texts as real pages show them: as text, in a real Chromium, with the policy in force and nothing for it to stop.

Threats: a lesson's title, a question, an option, a deck's name or a note that becomes markup, runs, or breaks the page.
Rules: a window that logs an error or throws fails its test, as in tests/browser; a stopped script would be one.
"""

from typing import Any

from playwright.async_api import Page

from scripts.lib.deck import plain_deck
from scripts.lib.server import Server
from scripts.lib.teacher import Teacher
from tests.browser.conftest import OpenWindow, browser, hall, open_window
from tests.support.hostile_texts import TEXTS
from tests.support.wire import poll

__all__ = ["browser", "hall", "open_window"]

# The element that shows a poll's question: on the student's, the projector's and the teacher's page.
QUESTIONS = {"student": "#question", "screen": "#strip-question", "teacher": ".poll-question"}

SHOWS = """([selector, text]) => [...document.querySelectorAll(selector)].some((one) => one.textContent === text)"""
SAYS = """(text) => document.body.textContent.includes(text)"""

# What a text would have become, if it became anything.
GREW = """() => document.querySelectorAll(
  "script:not([src]), iframe, object, embed, [onerror], [onload], [onfocus], [href^='javascript:']"
).length"""


async def shows(page: Page, selector: str, text: str) -> None:
    """The element's text comes to be exactly this."""
    await page.wait_for_function(SHOWS, arg=[selector, text], timeout=15_000)


async def untouched(page: Page) -> None:
    """No text has become an element, and none has run."""
    assert await page.evaluate(GREW) == 0
    assert await page.title() != "owned"
    assert await page.evaluate("({}).constructor === Object && Object.keys(Object.prototype).length === 0")


def addresses(teacher: Teacher) -> dict[str, str]:
    """Where each page of the lesson is."""
    site = teacher.join_url.removesuffix(f"/{teacher.lesson}")
    return {
        "student": teacher.join_url,
        "screen": f"{site}/screen/{teacher.lesson}",
        "teacher": f"{teacher.teach_url}#key={teacher.key}",
    }


async def test_questions_and_options_are_shown_as_text(open_window: OpenWindow, hall: Server) -> None:
    """Every hostile text in turn, on all three pages: there to be read, character by character, and it does nothing."""
    async with hall.client() as http:
        teacher = await Teacher.start(http)
        await teacher.write(("pages", {"order": ["blank-1"]}), ("slide", {"page": "blank-1"}))
        windows = {name: await open_window(url) for name, url in addresses(teacher).items()}
        for text in TEXTS.values():
            value = poll(question=text[:1_000], options=[text[:500], f"{text[:490]} too"])
            await teacher.write(("poll/p1", value))
            for name, window in windows.items():
                await shows(window.page, QUESTIONS[name], value["question"])
                await untouched(window.page)
            student = windows["student"].page
            for option in value["options"]:
                await student.wait_for_function(SAYS, arg=option.strip(), timeout=15_000)


async def test_titles_names_and_notes_are_shown_as_text(open_window: OpenWindow, hall: Server) -> None:
    """What a lesson, a file and a page's notes are called: in the window's title, in lists and in fields."""
    async with hall.client() as http:
        for name in (
            "markup",
            "an attribute",
            "a comment",
            "other directions",
            "NUL",
            "line ends",
            "separators",
        ):
            text = TEXTS[name]
            teacher = await Teacher.start(http, text[:200])
            deck = await teacher.upload(plain_deck(1), text)
            await teacher.rendered(deck)
            await teacher.write((f"notes/{deck}-1", {"text": text}))
            kept = (await teacher.registers())[f"deck/{deck}"]["name"]
            for which, url in addresses(teacher).items():
                page = (await open_window(url)).page
                await page.wait_for_function(SAYS, arg="hostile", timeout=15_000)
                if which == "teacher":
                    await page.wait_for_function(
                        "(text) => document.documentElement.outerHTML.includes(text.slice(0, 7))", arg=kept
                    )
                await untouched(page)


async def test_the_policy_is_in_force(open_window: OpenWindow, hall: Server) -> None:
    """What the other tests rely on: in these very pages an inline script, a handler and a frame are stopped, and said to be."""
    async with hall.client() as http:
        teacher = await Teacher.start(http)
    for url in addresses(teacher).values():
        window = await open_window(url)
        window.expected += ["Content Security Policy", "violates", "owned"]
        stopped: Any = await window.page.evaluate("""async () => {
          const told = [];
          document.addEventListener("securitypolicyviolation", (event) => told.push(event.effectiveDirective));
          const script = document.createElement("script");
          script.textContent = "document.title = 'owned'";
          document.body.append(script);
          const frame = document.createElement("iframe");
          frame.src = "/healthz";
          document.body.append(frame);
          const handler = document.createElement("div");
          handler.innerHTML = "<img src=/static/0/nothing.png onerror=\\"document.title='owned'\\">";
          document.body.append(handler);
          const style = document.createElement("style");
          style.textContent = "body { display: none }";
          document.body.append(style);
          const deadline = performance.now() + 15_000;  // a handler's turn comes when its picture has failed
          while (new Set(told).size < 4 && performance.now() < deadline)
            await new Promise((done) => setTimeout(done, 20));
          return [...new Set(told)].sort();
        }""")
        assert {"script-src-elem", "frame-src", "script-src-attr", "style-src-elem"} <= set(stopped)
        assert await window.page.title() != "owned"
        window.expected.append("404")
