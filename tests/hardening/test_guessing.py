"""Lesson codes and decks' ids: guessed by the thousand, from one address, from many claimed ones, behind a school's one address.

Threats: a code lets one in, so finding one must not be a matter of patience; and the limit must not shut out a class.
"""

import json
from collections.abc import AsyncIterator

import httpx
import pytest

from app.core.codes import new_code
from app.feed.hub import wall_ms
from app.store.contract import Change
from app.store.redis import RedisStore
from app.web.guesses import BURST
from scripts.lib.deck import plain_deck
from scripts.lib.server import Server
from scripts.lib.teacher import Teacher
from tests.support.eventually import eventually
from tests.support.sites import BEHIND_A_PROXY, CREATE_KEY, ONE, Sites
from tests.support.wire import assert_problem, somewhere_else

MANY = int(BURST) + 20


@pytest.fixture
def proxied(sites: Sites) -> Server:
    """A server that stands behind one proxy of its own."""
    return sites.get(ONE, BEHIND_A_PROXY)


@pytest.fixture
async def http(proxied: Server) -> AsyncIterator[httpx.AsyncClient]:
    """Its client: the proxy, who says for whom it asks."""
    async with proxied.client() as client:
        yield client


async def used_up(http: httpx.AsyncClient, headers: dict[str, str]) -> None:
    """The address has guessed until it had no guess left, and has just spent the one that it got meanwhile.

    So it has none for nearly `REFILL_S`, however slow this machine is.
    """

    async def guess() -> int:
        return (await http.get(f"/api/lessons/{new_code()}", headers=headers)).status_code

    assert 429 in [await guess() for _ in range(MANY)]
    await eventually(guess, lambda status: status == 404)


@pytest.mark.parametrize(
    "path",
    ["/api/lessons/{}", "/api/lessons/{}/state", "/api/lessons/{}/events", "/api/lessons/{}/qr.svg", "/{}", "/teach/{}",
     "/screen/{}", "/decks/{}/1-800.webp", "/decks/{}/1.txt"],
)  # fmt: skip
async def test_guessing_is_slow_wherever_a_code_stands(http: httpx.AsyncClient, path: str) -> None:
    """After a burst of wrong ones: 429 with a time to wait, and no look into the store, on every address that takes a code."""
    guesser = somewhere_else()
    answers = [await http.get(path.format(new_code()), headers=guesser) for _ in range(MANY)]
    told = [answer.status_code for answer in answers]
    assert told[:10] == [404] * 10
    assert set(told[-10:]) <= {404, 429}
    assert told[-10:].count(429) >= 8  # a slow machine may have given it one more meanwhile
    assert all(int(answer.headers["retry-after"]) >= 1 for answer in answers if answer.status_code == 429)


async def test_addresses_that_a_client_claims_do_not_count(http: httpx.AsyncClient) -> None:
    """Only the rightmost, which our own proxy has seen: a new one on the left for each guess buys nothing."""
    (name, seen), *_ = somewhere_else().items()
    told = []
    for number in range(MANY):
        headers = {
            name: f"198.51.100.{number}, 203.0.113.{number}, {seen}",
            "X-Real-IP": f"203.0.113.{number}",
        }
        told.append((await http.get(f"/api/lessons/{new_code()}", headers=headers)).status_code)
    assert 429 in told[-10:]


async def test_without_a_proxy_nobody_claims_an_address(sites: Sites) -> None:
    """FORWARDED_HOPS=0: the header is a stranger's word, and what has been loaded is served all the same."""
    own = sites.get(ONE, {"RETENTION_DAYS": "29"})  # one whose only client is this test
    async with own.client() as http:
        teacher = await Teacher.start(http)
        guesses = (f"/api/lessons/{new_code()}" for _ in range(MANY))
        told = [(await http.get(path, headers=somewhere_else())).status_code for path in guesses]
        assert 429 in told[-10:]
        assert (await http.get(f"/{teacher.lesson}")).status_code == 200
        assert (await http.get(f"{teacher.path}/state", headers=somewhere_else())).status_code == 200


async def test_a_school_behind_one_address_goes_on(http: httpx.AsyncClient) -> None:
    """One pupil has guessed all day; the class joins, votes and sees its slides, and a lesson that begins then opens too."""
    school = somewhere_else()
    running = await Teacher.start(http, create_key=CREATE_KEY)
    deck = await running.upload(plain_deck(2))
    await running.rendered(deck)
    await used_up(http, school)
    for path in (
        f"/{running.lesson}",
        running.path,
        f"{running.path}/state",
        f"/decks/{deck}/1-800.webp",
        f"/decks/{deck}/1.txt",
    ):
        assert (await http.get(path, headers=school)).status_code == 200, path
    assert (
        await http.get(f"/{running.lesson.upper()}", headers=school, follow_redirects=True)
    ).status_code == 200
    fresh = await Teacher.start(http, create_key=CREATE_KEY)
    assert (await http.get(f"/{fresh.lesson}", headers=school)).status_code == 200


async def test_what_is_not_being_given_is_found_by_nobody_who_guesses(
    http: httpx.AsyncClient, sites: Sites
) -> None:
    """A lesson that no process has loaded: refused unseen for the guesser, served for others, and from then on for both."""
    guesser, honest, code, store = somewhere_else(), somewhere_else(), new_code(), RedisStore(sites.redis_url)
    about = {"title": "Decision trees", "created": wall_ms(), "status": "live"}
    assert await store.create(code, [Change("lesson", json.dumps(about))], wall_ms())
    await store.close()
    path = f"/api/lessons/{code}"
    await used_up(http, guesser)
    assert_problem(await http.get(path, headers=guesser), 429)
    assert (await http.get(path, headers=honest)).status_code == 200
    assert (await http.get(path, headers=guesser)).status_code == 200


async def test_what_another_process_gives_is_served(http: httpx.AsyncClient, sites: Sites) -> None:
    """A class of one address is spread over processes: the one that has not seen the lesson yet hears of it by the census."""
    school = somewhere_else()
    await used_up(http, school)
    async with sites.get(ONE, {"RETENTION_DAYS": "28"}).client() as elsewhere:
        given = await Teacher.start(elsewhere)
        deck = await given.upload(plain_deck(1))
        await given.rendered(deck)

        async def asked() -> list[int]:
            paths = (given.path, f"/decks/{deck}/1-800.webp")
            return [(await http.get(path, headers=school)).status_code for path in paths]

        # The pictures themselves are in the other one's folder: that they are looked for is the point.
        assert await eventually(asked, lambda told: 429 not in told) == [200, 404]


async def test_what_is_no_code_is_not_looked_up(http: httpx.AsyncClient) -> None:
    """Nor counted: a class that mistypes is not a class that guesses."""
    class_room = somewhere_else()
    for typed in ["x" * 100, "u" * 6, "%00" * 6, "12345", "1234567", "../../a", "a%2Fb", "\u0661" * 6] * 8:
        for path in (f"/{typed}", f"/api/lessons/{typed}", f"/decks/{typed}/1-800.webp"):
            assert (await http.get(path, headers=class_room)).status_code == 404, path
