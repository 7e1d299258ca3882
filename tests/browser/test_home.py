"""The home page: joining by code, starting a lesson; and the page for a lesson that is not there."""

import re

import pytest
from playwright.async_api import Route, expect

from scripts.lib.server import Server
from scripts.lib.teacher import Teacher
from tests.browser.conftest import OpenWindow
from tests.browser.pages_home import Visitor
from tests.conftest import Serve

PANEL = re.compile(r"/teach/[0-9a-z]{6}")


def ways_to_write(code: str) -> list[str]:
    """A code as people write it: capitals, spaces, hyphens, O for 0, I and L for 1, a whole link."""
    capitals = code.upper()
    return [
        capitals,
        f" {code[:3]} {code[3:]} ",
        f"{capitals[:2]}-{capitals[2:4]}-{capitals[4:]}",
        capitals.replace("0", "O").replace("1", "I"),
        code.replace("0", "o").replace("1", "l"),
        f"https://lectern.example/{code}?from=chat",
    ]


@pytest.mark.parametrize("way", range(6))
async def test_joining_by_code(hall: Server, teacher: Teacher, open_window: OpenWindow, way: int) -> None:
    """However it is written, the code leads to the lesson."""
    visitor = await Visitor.come(open_window, hall.url)
    await visitor.types_code(ways_to_write(teacher.lesson)[way])
    await expect(visitor.page).to_have_url(f"{hall.url}/{teacher.lesson}")
    await expect(visitor.page.get_by_role("heading", level=1)).to_have_text("Decision trees")


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("", "Type the code your teacher shows."),
        ("K7P", "A code is six letters and digits, like K7P 4QX. The letter U is never in it."),
        ("K7P 4QU", "A code is six letters and digits, like K7P 4QX. The letter U is never in it."),
        ("zzz zzz", "There is no lesson ZZZ ZZZ. Look at the code again."),
    ],
)
async def test_a_code_that_leads_nowhere(
    hall: Server, open_window: OpenWindow, typed: str, told: str
) -> None:
    """Said where it can be put right, with the cursor in the field; typing takes the error away."""
    visitor = await Visitor.come(open_window, hall.url)
    await visitor.types_code(typed)
    await visitor.is_told(told)
    await expect(visitor.page).to_have_url(f"{hall.url}/")
    field = visitor.page.get_by_label("Code")
    await expect(field).to_be_focused()
    await expect(field).to_have_attribute("aria-invalid", "true")
    await field.press_sequentially("k")
    await expect(visitor.page.locator(".error")).to_have_count(0)


async def test_joining_without_a_network(hall: Server, teacher: Teacher, open_window: OpenWindow) -> None:
    """Not the code's fault, and not said to be."""
    visitor = await Visitor.come(open_window, hall.url)
    await visitor.window.context.set_offline(True)
    await visitor.types_code(teacher.lesson)
    await visitor.is_told("No connection. Try again when you are online.")
    await visitor.window.context.set_offline(False)
    await visitor.types_code(teacher.lesson)
    await expect(visitor.page).to_have_url(f"{hall.url}/{teacher.lesson}")


async def test_starting_a_lesson(hall: Server, open_window: OpenWindow) -> None:
    """A title is enough; the panel opens, and the key is in no address that a server sees."""
    visitor = await Visitor.come(open_window, hall.url)
    asked: list[str] = []
    visitor.page.on("request", lambda request: asked.append(request.url))
    await visitor.starts("  ")
    await visitor.is_told("Give the lesson a title.")
    keys: list[str] = []

    async def overhear(route: Route) -> None:
        response = await route.fetch()
        keys.append((await response.json())["teacher_key"])
        await route.fulfill(response=response)

    await visitor.page.route("**/api/lessons", overhear)
    await visitor.starts("Decision trees")
    await expect(visitor.page).to_have_url(PANEL)
    assert len(keys) == 1
    assert not [url for url in asked if keys[0] in url.partition("#")[0]]


async def test_a_server_that_asks_for_its_key(serve: Serve, redis_url: str, open_window: OpenWindow) -> None:
    """The field for it appears when it is needed, and a wrong key is said to be one."""
    with serve(redis_url=redis_url, env={"CREATE_KEY": "sesame-sesame-sesame"}) as server:
        visitor = await Visitor.come(open_window, server.url)
        await expect(visitor.page.get_by_label("key for new lessons")).to_be_hidden()
        await visitor.starts("Decision trees")
        await visitor.is_told("Only who has this server’s key may start a lesson here.")
        await visitor.starts("Decision trees", key="open")
        await visitor.is_told("That is not this server’s key.")
        await visitor.starts("Decision trees", key="sesame-sesame-sesame")
        await expect(visitor.page).to_have_url(PANEL)
        await visitor.page.close()


@pytest.mark.parametrize("path", ["zzzzzz", "teach/zzzzzz", "screen/zzzzzz"])
async def test_a_lesson_that_is_not_there(
    hall: Server, teacher: Teacher, open_window: OpenWindow, path: str
) -> None:
    """404, the code that was meant, and a field to type it again."""
    visitor = await Visitor.come(open_window, hall.url)
    answer = await visitor.page.goto(f"{hall.url}/{path}")
    assert answer is not None
    assert answer.status == 404
    await expect(visitor.page.locator("#why")).to_contain_text("There is no lesson ZZZ ZZZ.")
    await visitor.types_code(teacher.lesson)
    await expect(visitor.page).to_have_url(f"{hall.url}/{teacher.lesson}")
