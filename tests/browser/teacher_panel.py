"""The teacher's panel in verbs: what a teacher does and sees.

Rules: found by what people perceive (roles, names, words) wherever there is such a thing; by id where there is not. Places on a
slide are 0..1 of its width and height. `sent` holds every stamped write that left the window, in the order in which it did.
"""

import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from playwright.async_api import CDPSession, FloatRect, Locator, Page, Request, Route, expect

from scripts.lib.lecture import Lecture
from scripts.lib.teacher import Teacher
from tests.browser.conftest import LAPTOP, OpenWindow, Window
from tests.browser.pages_student import INK_AT
from tests.support.eventually import eventually

Place = tuple[float, float]

# Whether a request is answered by the test instead of the server.
ROUTED = """(path) => fetch(path, { headers: { "X-Probe": "1" } }).then(({ status }) => status === 204)"""

LINE: Sequence[Place] = [(0.2, 0.4), (0.3, 0.4), (0.4, 0.4), (0.5, 0.4)]
ON_LINE: Place = (0.35, 0.4)


async def register(teacher: Teacher, key: str, value: Any) -> None:
    """The server holds this value, or none (None), under the key."""
    await eventually(teacher.registers, lambda found: found.get(key) == value)


async def page_is(lecture: Lecture, number: int) -> None:
    """The lesson is at this page of the deck."""
    await register(lecture.teacher, "slide", {"page": lecture.pages[number - 1]})


@dataclass
class Panel:
    """One teacher's window."""

    window: Window
    sent: list[dict[str, Any]] = field(default_factory=list)
    requests: list[list[dict[str, Any]]] = field(default_factory=list)

    @classmethod
    async def enter(
        cls,
        open_window: OpenWindow,
        teacher: Teacher,
        *,
        key: bool = True,
        size: tuple[int, int] = LAPTOP,
        **options: Any,
    ) -> "Panel":
        """Opens the teacher's link, and waits until the panel is live."""
        link = f"{teacher.teach_url}#key={teacher.key}" if key else teacher.teach_url
        panel = cls(await open_window(link, size=size, **options))
        panel.page.on("request", panel._request)
        if key:
            await panel.is_live()
        return panel

    @property
    def page(self) -> Page:
        """The browser's page."""
        return self.window.page

    def _request(self, request: Request) -> None:
        # What is raised here would stop Playwright's own loop: a request without a body is none of ours.
        body = request.post_data_json if request.method == "POST" and request.url.endswith("/state") else None
        writes: list[dict[str, Any]] = body["writes"] if body else []
        if writes and all(
            "stamp" in write for write in writes
        ):  # without: the panel reads the server's clock
            self.requests.append(writes)
            self.sent += writes

    async def has_cleared(self, page: str = "") -> list[list[dict[str, Any]]]:
        """Its requests, once the last ends with a clear: of a stroke's pieces, or of this page.

        One may reach the server before Playwright tells of it, so ask until it is there.
        """

        async def last() -> dict[str, Any]:
            return self.sent[-1] if self.sent else {"key": "", "value": 0}

        def clears(write: dict[str, Any]) -> bool:
            key = str(write["key"])
            return write["value"] is None and (key == page or (not page and key.endswith("/")))

        await eventually(last, clears)
        return self.requests

    async def holds_back(self, handle: Callable[[Route], Awaitable[None]]) -> None:
        """From now on `handle` decides what becomes of the panel's writes."""

        async def route(found: Route) -> None:
            if found.request.method == "POST":
                await handle(found)
            elif "x-probe" in found.request.headers:
                await found.fulfill(status=204)
            else:
                await found.continue_()

        await self.page.route("**/state", route)
        # A request that starts while routing is being switched on is not routed: wait until one is.
        lesson = urlsplit(self.page.url).path.rsplit("/", 1)[1]
        await eventually(lambda: self.page.evaluate(ROUTED, f"/api/lessons/{lesson}/state"), bool)

    async def is_live(self) -> None:
        """The line is good."""
        await expect(self.page.locator("#link")).to_have_attribute("data-status", "live")

    async def is_idle(self) -> None:
        """Nothing waits to be sent, and what was sent has been answered."""
        await self.page.evaluate("() => new Promise((done) => setTimeout(done))")
        await expect(self.page.locator("#outbox")).to_be_hidden()

    async def signs_in(self, key: str) -> None:
        """Types the key, or a link that holds it."""
        await self.page.get_by_label("Key or teacher link").fill(key)
        await self.page.get_by_role("button", name="Open the panel").click()

    # Pages

    async def presses(self, *keys: str) -> None:
        """The keyboard, or a clicker."""
        for key in keys:
            await self.page.keyboard.press(key)

    async def next(self) -> None:
        """The button."""
        await self.page.locator("#next-page").click()

    async def sees_place(self, number: int, of: int) -> None:
        """The number of the page, and of how many."""
        await expect(self.page.locator("#place-text")).to_have_text(f"{number} / {of}")

    async def sees_slide(self, number: int) -> None:
        """The picture of a page of the deck, by its number in the deck."""
        picture = self.page.locator("#stage img")
        await expect(picture).to_have_attribute("src", re.compile(rf"/{number}-\d+\.webp$"))

    async def opens_tab(self, name: str) -> None:
        """A tab of the side panel."""
        await self.page.get_by_role("navigation", name="Side panel").get_by_role("button", name=name).click()

    async def does_with_page(self, number: int, act: str) -> None:
        """An entry of a page's menu in the strip."""
        await self.page.locator(".page").nth(number - 1).hover()
        await self.page.get_by_role("button", name=f"Page {number}: move").click()
        await self.page.get_by_role("button", name=act).click()

    async def inserts_blank_after(self, number: int) -> None:
        """The plus between two pages."""
        await self.page.get_by_role(
            "button", name=f"Insert a blank page after page {number}", exact=True
        ).click()

    # Files

    async def uploads(self, name: str, content: bytes) -> None:
        """Chooses a file."""
        await self.page.locator("#file").set_input_files(
            {"name": name, "mimeType": "application/pdf", "buffer": content}
        )

    async def drops(self, name: str, content: bytes) -> None:
        """Drops a file onto the window."""
        await self.page.evaluate(
            """([name, bytes]) => {
                const data = new DataTransfer();
                data.items.add(new File([new Uint8Array(bytes)], name, { type: "application/pdf" }));
                for (const type of ["dragover", "drop"]) {
                  const event = new DragEvent(type, { dataTransfer: data, bubbles: true, cancelable: true });
                  document.querySelector("#notes").dispatchEvent(event);
                }
            }""",
            [name, list(content)],
        )

    # Ink

    async def takes(self, tool: str) -> None:
        """A tool, a colour or a width, by its name."""
        await (
            self.page.get_by_role("toolbar", name="Ink").get_by_role("button", name=tool, exact=True).click()
        )

    async def slide_box(self) -> FloatRect:
        """Where the slide is in the window."""
        box = await self.page.locator("#stage .stage-slide").bounding_box()
        assert box is not None
        return box

    async def at(self, place: Place) -> Place:
        """A place of the slide in the window."""
        box = await self.slide_box()
        return box["x"] + place[0] * box["width"], box["y"] + place[1] * box["height"]

    async def draws(self, *places: Place) -> None:
        """The mouse, down at the first place and up at the last."""
        await self.page.mouse.move(*await self.at(places[0]))
        await self.page.mouse.down()
        for place in places[1:]:
            await self.page.mouse.move(*await self.at(place), steps=4)
        await self.page.mouse.up()

    async def draws_with_stylus(self, *places: Place, force: float = 0.5) -> None:
        """A stylus, with a pressure of 0..1."""
        cdp = await self.page.context.new_cdp_session(self.page)
        await self._stylus(cdp, "mousePressed", places[0], force)
        for place in places[1:]:
            await self._stylus(cdp, "mouseMoved", place, force)
        await self._stylus(cdp, "mouseReleased", places[-1], 0)

    async def _stylus(self, cdp: CDPSession, kind: str, place: Place, force: float) -> None:
        x, y = await self.at(place)
        held = 0 if kind == "mouseReleased" else 1
        event = {"type": kind, "x": x, "y": y, "button": "left", "buttons": held, "clickCount": 1}
        await cdp.send("Input.dispatchMouseEvent", event | {"pointerType": "pen", "force": force})

    async def draws_with_finger(self, *places: Place) -> None:
        """One finger on a touch screen."""
        cdp = await self.page.context.new_cdp_session(self.page)
        for n, place in enumerate(places):
            x, y = await self.at(place)
            kind = "touchStart" if n == 0 else "touchMove"
            await cdp.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y}]})
        await cdp.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})

    async def sees_ink(self, color: str, place: Place) -> None:
        """Ink of a colour, or none (""), at a place of the slide."""
        await eventually(lambda: self.page.evaluate(INK_AT, list(place)), lambda found: found == color)

    # Polls

    def poll(self, question: str) -> Locator:
        """The card of a poll."""
        return self.page.get_by_role("article").filter(has_text=question)

    async def writes_poll(
        self, question: str, options: Sequence[str], *, correct: str = "", then: str
    ) -> None:
        """Fills in the form; `then` is the button."""
        await self.page.get_by_role("button", name="New poll").click()
        form = self.page.get_by_role("form", name="Poll")
        await form.get_by_label("Question").fill(question)
        for n, option in enumerate(options):
            if n > 1:
                await form.get_by_role("button", name="Add an option").click()
            await form.get_by_role("textbox", name=f"Option {chr(65 + n)}").fill(option)
            if option == correct:
                await form.get_by_role("checkbox", name=f"Option {chr(65 + n)} is correct").check()
        await form.get_by_role("button", name=then).click()

    async def does_with_poll(self, question: str, act: str) -> None:
        """A button of a poll's card."""
        await self.poll(question).get_by_role("button", name=act).click()

    async def sees_votes(self, question: str, *counts: str) -> None:
        """The counts of a poll's options, as they are written."""
        await expect(self.poll(question).locator(".poll-count")).to_have_text(list(counts))

    # Words

    async def is_told(self, words: str) -> None:
        """A word in the corner."""
        await expect(self.page.locator("#says")).to_contain_text(words)
