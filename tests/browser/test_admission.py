"""A school's one address has no guess left: the teacher's link opens the lesson that nobody has open, and a pupil's second try does."""

import json
import re

import httpx
from playwright.async_api import expect

from app.core.codes import new_code
from app.feed.hub import wall_ms
from app.store.contract import Change
from app.store.redis import RedisStore
from app.web import auth
from app.web.guesses import BURST
from scripts.lib.lecture import Lecture
from scripts.lib.server import Server
from tests.browser.conftest import OpenWindow
from tests.support.eventually import eventually


async def unopened(url: str) -> tuple[str, str]:
    """A lesson that stands in the store alone, and its key."""
    store, code = RedisStore(url), new_code()
    key, keyring = auth.new_key(owner=True)
    about = json.dumps({"title": "Decision trees", "created": wall_ms(), "status": "live"})
    assert await store.create(code, [Change("lesson", about), keyring], wall_ms())
    await store.close()
    return code, key


async def used_up(http: httpx.AsyncClient) -> None:
    """No guess is left, and the one that came meanwhile was spent just now."""

    async def guess() -> int:
        return (await http.get(f"/api/lessons/{new_code()}")).status_code

    assert 429 in [await guess() for _ in range(int(BURST) + 20)]
    await eventually(guess, lambda status: status == 404)


async def test_the_teachers_link_opens_the_lesson(
    server: Server, redis_url: str, http: httpx.AsyncClient, open_window: OpenWindow
) -> None:
    """The key stands in the link's fragment, which is not sent: the panel comes all the same, and shows it."""
    code, key = await unopened(redis_url)
    await used_up(http)
    window = await open_window(f"{server.url}/teach/{code}#key={key}")
    window.expected.append("429")
    await expect(window.page).to_have_title("Decision trees · Teaching · Lectern")
    assert (await http.get(f"/api/lessons/{code}")).status_code == 200


async def test_a_pupils_second_try_opens_the_lesson(
    server: Server, redis_url: str, http: httpx.AsyncClient, open_window: OpenWindow
) -> None:
    """The first is answered with a page; its button is the second."""
    code, _ = await unopened(redis_url)
    await used_up(http)
    window = await open_window(f"{server.url}/{code}", size=(390, 844))
    window.expected.append("429")
    await expect(window.page.get_by_role("heading", level=1)).to_have_text("Too many unknown codes")
    await window.page.get_by_role("link", name="Try again").click()
    await expect(window.page).to_have_title("Decision trees · Lectern")


async def test_a_teacher_without_a_key_is_asked_for_it(lecture: Lecture, open_window: OpenWindow) -> None:
    """Not shown a panel that works on nothing: no guess is left for the lesson, and the key needs none."""
    teacher = lecture.teacher
    window = await open_window(teacher.teach_url.rsplit("/", 2)[0])
    window.expected.append("429")
    refusal = {
        "type": "/problems/too-many-guesses",
        "title": "Too many unknown codes",
        "status": 429,
        "detail": "Later.",
    }
    known = re.compile(r"/state\?as=teacher$")
    await window.page.route(
        known, lambda route: route.fulfill(status=429, json=refusal, content_type="application/problem+json")
    )
    await window.page.goto(teacher.teach_url)
    await expect(window.page.get_by_role("alert")).to_have_text(
        "Too many codes were tried from this network. Wait a minute, then try again."
    )
    await window.page.unroute(known)
    await window.page.get_by_label("Key or teacher link").fill(teacher.key)
    await window.page.get_by_role("button", name="Open the panel").click()
    await expect(window.page.locator("#link")).to_have_attribute("data-status", "live")
