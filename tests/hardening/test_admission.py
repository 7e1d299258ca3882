"""Who is let in where no guess is left: a school has one address, and one of its pupils guesses all day.

Threats: the one who guesses locks out the class, or its teacher; what is done against that tells a guesser which lessons there are.
The lessons here stand in the store and are loaded nowhere: those that are being given are open to everybody.
"""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass

import httpx
import pytest

from app.core.codes import new_code
from app.feed.hub import wall_ms
from app.store.contract import Change
from app.store.redis import RedisStore
from app.web import auth
from app.web.guesses import BURST
from app.web.signing import Signer
from scripts.lib.server import Server
from scripts.lib.teacher import Teacher
from tests.conftest import Serve
from tests.support.eventually import eventually
from tests.support.redis_server import RedisServer
from tests.support.sites import BEHIND_A_PROXY, ONE, Sites
from tests.support.wire import SAME_ORIGIN, assert_problem, somewhere_else

NAVIGATION = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8", "Sec-Fetch-Mode": "navigate"}
MANY = int(BURST) + 20


@dataclass(frozen=True, slots=True)
class Unopened:
    """A lesson that stands in the store and that no process has loaded."""

    code: str
    key: str
    session: str  # the cookie of a session
    voter: str  # the cookie of one who was given its page

    @property
    def path(self) -> str:
        """Where its resources are."""
        return f"/api/lessons/{self.code}"

    @property
    def auth(self) -> dict[str, str]:
        """The header that shows its key."""
        return {"Authorization": f"Bearer {self.key}"}


@pytest.fixture
def proxied(sites: Sites) -> Server:
    """A server that stands behind one proxy of its own."""
    return sites.get(ONE, BEHIND_A_PROXY)


@pytest.fixture
async def http(proxied: Server) -> AsyncIterator[httpx.AsyncClient]:
    """Its proxy, which says for whom it asks."""
    async with proxied.client() as client:
        yield client


@pytest.fixture
async def store(sites: Sites) -> AsyncIterator[RedisStore]:
    """The store of all sites."""
    opened = RedisStore(sites.redis_url)
    yield opened
    await opened.close()


@pytest.fixture
async def lesson(store: RedisStore) -> Unopened:
    """A new one."""
    return await unopened(store)


async def unopened(store: RedisStore) -> Unopened:
    """A lesson with its key, its teacher's session and a student."""
    code = new_code()
    key, keyring = auth.new_key(owner=True)
    about = json.dumps({"title": "Decision trees", "created": wall_ms(), "status": "live"})
    assert await store.create(code, [Change("lesson", about), keyring], wall_ms())
    signer = Signer(await store.secret())
    session = signer.teacher(code, keyring.key.partition("/")[2])
    return Unopened(code, key, f"teacher_{code}={session}", f"voter={signer.new_voter(code)[1]}")


async def used_up(http: httpx.AsyncClient, headers: dict[str, str]) -> None:
    """Whoever sends these headers has guessed until no guess was left."""
    assert 429 in [await guess(http, headers) for _ in range(MANY)]


async def guess(http: httpx.AsyncClient, headers: dict[str, str]) -> int:
    """A wrong code, and what is answered."""
    return (await http.get(f"/api/lessons/{new_code()}", headers=headers)).status_code


async def refused(
    http: httpx.AsyncClient, path: str, headers: dict[str, str], **cookie: str
) -> httpx.Response:
    """The answer to one who has no guess left: the one that came meanwhile was spent just now, however slow this machine is."""
    await eventually(lambda: guess(http, headers | cookie), lambda status: status == 404)
    answer = await http.get(path, headers=headers | cookie)
    assert answer.status_code == 429, answer.text
    return answer


async def test_a_right_key_passes_and_a_wrong_one_learns_nothing(
    http: httpx.AsyncClient, store: RedisStore, lesson: Unopened
) -> None:
    """The teacher's request is answered; another key at another lesson is refused as at none, and does not open it for anybody."""
    school, other = somewhere_else(), await unopened(store)
    await used_up(http, school)
    assert_problem(await refused(http, lesson.path, school), 429)
    for path in (other.path, f"{other.path}/state?as=teacher", f"/api/lessons/{new_code()}"):
        assert_problem(await refused(http, path, school, **lesson.auth), 429)
    await refused(http, other.path, school)
    opened = await http.post(f"{lesson.path}/session", headers=school | lesson.auth)
    assert opened.status_code == 204
    assert (await http.get(lesson.path, headers=school)).status_code == 200


async def test_a_key_that_was_taken_back_does_not_pass(
    http: httpx.AsyncClient, store: RedisStore, lesson: Unopened
) -> None:
    """Its register stands in the store as a tombstone."""
    school = somewhere_else()
    second, change = auth.new_key("Grace")
    await store.write(lesson.code, [change], wall_ms())
    await store.write(lesson.code, [Change(change.key, "null")], wall_ms())
    await used_up(http, school)
    await refused(http, f"{lesson.path}/state?as=teacher", school, Authorization=f"Bearer {second}")


@pytest.mark.parametrize("who", ["session", "voter"])
async def test_one_who_has_been_in_the_lesson_passes(
    http: httpx.AsyncClient, store: RedisStore, lesson: Unopened, who: str
) -> None:
    """By the cookie that the lesson gave; at another lesson it is nothing. Nor is it counted where the lesson is gone."""
    school, other = somewhere_else(), await unopened(store)
    cookie = {"Cookie": getattr(lesson, who)}
    await used_up(http, school | (cookie if who == "voter" else {}))
    assert (await http.get(lesson.path, headers=school | cookie)).status_code == 200
    await refused(http, other.path, school | (cookie if who == "voter" else {}), **cookie)


async def test_a_voter_has_guesses_of_their_own(
    http: httpx.AsyncClient, store: RedisStore, lesson: Unopened
) -> None:
    """One voter's are used up: another of the same address has theirs, and so have those who are no voters; the other way too."""
    school, signer = somewhere_else(), Signer(await store.secret())
    one, another = ({"Cookie": f"voter={signer.new_voter()[1]}"} for _ in range(2))
    await used_up(http, school | one)
    await refused(http, lesson.path, school | one)
    assert (await http.get(f"/api/lessons/{new_code()}", headers=school)).status_code == 404
    await used_up(http, school)
    await refused(http, lesson.path, school)
    assert (await http.get(lesson.path, headers=school | another)).status_code == 200


async def test_a_browser_is_shown_a_page_and_has_guesses_from_then_on(
    http: httpx.AsyncClient, lesson: Unopened
) -> None:
    """A newcomer of the class, at an address where no guess is left: the page's own button leads into the lesson."""
    school = somewhere_else()
    await used_up(http, school)
    page = await refused(http, f"/{lesson.code}", school, **NAVIGATION)
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert page.headers["cache-control"] == "no-store"
    assert int(page.headers["retry-after"]) >= 1
    assert "Too many unknown codes" in page.text
    again = await http.get(
        f"/{lesson.code}", headers=school | NAVIGATION
    )  # with the cookie that came with the page
    assert again.status_code == 200


async def test_the_panel_comes_to_whoever_may_have_the_key(http: httpx.AsyncClient, lesson: Unopened) -> None:
    """The key stands in the fragment, which no server sees: the page is the panel, whether there is a lesson or not."""
    school = somewhere_else()
    await used_up(http, school)
    panel = await refused(http, f"/teach/{lesson.code}", school, **NAVIGATION)
    nothing = await refused(http, f"/teach/{new_code()}", school, **NAVIGATION)
    assert panel.text == nothing.text
    assert "js/teacher.js" in panel.text
    session = await http.post(f"{lesson.path}/session", headers=school | lesson.auth | SAME_ORIGIN)
    assert session.status_code == 204


async def test_guesses_made_at_once_are_counted_at_once(http: httpx.AsyncClient) -> None:
    """Two hundred in flight together are no more than two hundred in a row."""
    headers = somewhere_else()
    answers = await asyncio.gather(
        *(http.get(f"/api/lessons/{new_code()}", headers=headers) for _ in range(200))
    )
    told = [answer.status_code for answer in answers]
    assert told.count(404) <= BURST + 5  # a slow machine may have given a few more meanwhile
    assert set(told) == {404, 429}


async def test_an_ipv6_network_is_one_guesser(http: httpx.AsyncClient, lesson: Unopened) -> None:
    """Of a /64 any member has more addresses than there are codes; the network beside it is somebody else's."""
    guesses = [
        (
            await http.get(
                f"/api/lessons/{new_code()}", headers={"X-Forwarded-For": f"2001:db8:ffff:7::{number:x}"}
            )
        )
        for number in range(MANY)
    ]
    assert 429 in [answer.status_code for answer in guesses[-10:]]
    beside = {"X-Forwarded-For": "2001:db8:ffff:8::1"}
    assert (await http.get(lesson.path, headers=beside)).status_code == 200


async def test_a_class_whose_lesson_the_store_has_lost_is_told_so(
    serve: Serve, own_valkey: RedisServer
) -> None:
    """Two hundred come back from one address: 404 for each, since the code is no guess, and 429 would have them come again."""
    with serve(redis_url=own_valkey.url) as server:
        async with server.client() as http:
            lost = await Teacher.start(http)
            own_valkey.flush()
            own_valkey.kill()
            own_valkey.start()

            async def asked() -> int:
                return (await http.get(lost.path)).status_code

            await eventually(asked, lambda status: status == 404)
            assert {await asked() for _ in range(200)} == {404}
            answers = [(await http.get(f"/api/lessons/{new_code()}")).status_code for _ in range(10)]
            assert answers == [404] * 10, "nor are they counted"
