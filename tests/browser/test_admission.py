"""A school's one address has no guess left: the teacher's link opens the lesson that nobody has open, and a pupil's second try does."""

import json

import httpx
from playwright.async_api import expect

from app.core.codes import new_code
from app.feed.hub import wall_ms
from app.store.contract import Change
from app.store.redis import RedisStore
from app.web import auth
from app.web.guesses import BURST
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
