"""The least rights of a user of the store, as docs/OPERATIONS.md lists them: enough for everything, and nothing too many.

Rules: the list is read from the document, so the two cannot drift; the store itself says what it refused, and which commands were used.
"""

import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from app.decks.objects import open_store
from app.decks.service import Decks
from app.store.deckbook import DeckBook
from app.store.redis import RedisStore
from app.web.housekeeping import Housekeeping
from scripts.lib.deck import plain_deck
from scripts.lib.server import Server, serve as serve_app
from scripts.lib.teacher import Teacher
from tests.faults.test_unfit_store import refusal
from tests.support.eventually import eventually
from tests.support.ordeal import status
from tests.support.redis_server import RedisServer
from tests.support.viewers import viewers

OPERATIONS = Path(__file__).resolve().parents[2] / "docs" / "OPERATIONS.md"
PASSWORD = "a-password-of-the-test"
POLL = {"question": "?", "options": ["a", "b"], "multiple": False, "status": "open", "reveal": True}
STROKE = {"tool": "pen", "color": "#000000", "width": 9, "points": [1, 1]}


def rule() -> list[str]:
    """The words of the document's ACL SETUSER."""
    found = re.search(r"^ACL SETUSER lectern (.+)$", OPERATIONS.read_text(encoding="utf-8"), re.MULTILINE)
    assert found
    return found[1].replace("PASSWORD", PASSWORD).split()


def commands() -> set[str]:
    """The commands it allows."""
    return {word.removeprefix("+") for word in rule() if word.startswith("+")}


def login(store: RedisServer) -> str:
    """The address with the user in it."""
    return store.url.replace("redis://", f"redis://lectern:{PASSWORD}@")


@pytest.fixture
def store(any_redis: RedisServer) -> Iterator[RedisServer]:
    """Each kind of Redis in turn, with that user; what is refused and used is counted from here on."""
    with any_redis.client() as admin:
        admin.execute_command("ACL", "SETUSER", "lectern", *rule())
        admin.execute_command("ACL", "LOG", "RESET")
        admin.config_resetstat()
        yield any_redis
        admin.execute_command("ACL", "DELUSER", "lectern")


async def a_lesson(server: Server, teacher: Teacher, http: httpx.AsyncClient) -> None:
    """All that a teacher and students do: writes, clears, a deck, polls and votes, viewers, readiness, an end."""
    async with viewers(server.port, teacher.lesson, 3) as there:
        pieces = [(f"ink/blank-1/s1/{number}", STROKE) for number in range(8)]
        await teacher.write(("slide", {"page": "blank-1"}), *pieces)
        await teacher.write(("ink/blank-1/s1", STROKE), ("ink/blank-1/s1/", None))
        await teacher.write(("ink/blank-1/", None), ("timer", {"ends": 7}, "1790000000123.0.far"))
        await teacher.write(("screen", {"mode": "black"}, "9790000000123.0.far-ahead"))
        assert (await teacher.rendered(await teacher.upload(plain_deck(2))))["status"] == "ready"
        await teacher.write(("poll/p", POLL), ("poll/q", POLL))
        for choice in (0, 1):
            answer = await http.post(f"{teacher.path}/polls/p/votes", json={"choices": [choice]})
            assert answer.status_code == httpx.codes.OK, answer.text
        assert (await http.get(f"{teacher.path}/polls.csv", headers=teacher.auth)).is_success
        await teacher.write(("poll/p", {**POLL, "status": "closed"}))
        await teacher.write(("poll/p", None))
        await teacher.write(("poll/", None))
        await teacher.write(("slide", {"page": "blank-2"}))

        async def told() -> bool:
            return all(one.registers.get("slide") == {"page": "blank-2"} for one in there.members)

        await eventually(told, bool)
        assert (await http.get(teacher.path)).json()["viewers"] >= 0
    await eventually(lambda: status(http, "/readyz"), lambda code: code == httpx.codes.OK)
    await teacher.end()


async def swept(store: RedisServer, folder: Path) -> None:
    """The hourly look for decks without a lesson."""
    opened = RedisStore(login(store))
    book = DeckBook(opened.redis, "sweeper")
    with store.client() as admin:
        admin.hset("lectern:decks", "aaaaaa", "zzzzzz")
    nobody: object = None
    await Housekeeping(book, Decks(open_store(str(folder)), nobody, book)).step()  # type: ignore[arg-type]
    assert await book.lesson("aaaaaa") is None
    await opened.close()


async def test_everything_works_with_exactly_these(tmp_path: Path, store: RedisServer) -> None:
    """The store has refused nothing, and every command of the list was needed."""
    with serve_app(tmp_path / "server", workers=2, redis_url=login(store)) as server:
        async with server.client() as http:
            await a_lesson(server, await Teacher.start(http, "With least rights"), http)
        await swept(store, tmp_path / "decks")
        assert "no permissions" not in server.log
    with store.client() as admin:
        refused = {entry["object"] for entry in admin.execute_command("ACL", "LOG")}
        used = {name.removeprefix("cmdstat_") for name in admin.info("commandstats")}
    assert refused <= {"client|setinfo"}  # redis-py says who it is, and does not mind
    assert commands() <= used, commands() - used


@pytest.mark.parametrize("missing", ["info", "get"])
def test_a_right_that_a_start_misses_is_named(tmp_path: Path, store: RedisServer, missing: str) -> None:
    """In one sentence, with exit code 2."""
    with store.client() as admin:
        admin.execute_command("ACL", "SETUSER", "lectern", f"-{missing}")
    assert "OPERATIONS.md" in refusal(tmp_path, login(store), 1)


pytestmark = pytest.mark.timeout(120)
