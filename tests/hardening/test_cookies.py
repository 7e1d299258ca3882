"""Cookies: forged, copied, missing, mixed up, stolen by a script or a network.

Threats: who can make a cookie can be a teacher or vote many times; who can read one is its owner.
"""

from http.cookies import Morsel, SimpleCookie
from typing import Any

import httpx
import pytest
from itsdangerous import URLSafeSerializer

from app.web.signing import Signer
from scripts.lib.server import Server
from scripts.lib.teacher import Teacher
from tests.support.sites import BEHIND_A_PROXY, CREATE_KEY, ONE, Sites
from tests.support.wire import SAME_ORIGIN, assert_problem, poll, sight, somewhere_else, without_jar

VOTES = "/polls/p1/votes"
DAY_S = 24 * 3600


def only_cookie(answer: httpx.Response) -> Morsel[str]:
    """The one cookie that an answer sets."""
    (line,) = answer.headers.get_list("set-cookie")
    (cookie,) = SimpleCookie(line).values()
    return cookie


async def counted(teacher: Teacher) -> list[int]:
    """The votes of each option, and last the voters, as the results say."""
    answer = await teacher.http.get(f"{teacher.path}/polls.csv", headers=teacher.auth)
    rows = [line.split(",") for line in answer.text.strip().splitlines()[1:]]
    return [*(int(row[5]) for row in rows), int(rows[0][6])]


async def test_cookies_are_for_our_own_pages_alone(sites: Sites) -> None:
    """HttpOnly, a SameSite, Path=/, no Domain, an end, and Secure behind HTTPS: no script, frame or network has them."""
    site = sites.get(ONE, BEHIND_A_PROXY)
    proxied = somewhere_else() | {"X-Forwarded-Proto": "https"}
    async with site.client() as http:
        teacher = await Teacher.start(http, create_key=CREATE_KEY)
        session = await http.post(f"{teacher.path}/session", headers=teacher.auth | proxied)
        page = await http.get(f"/{teacher.lesson}", headers=proxied)
    for answer, same_site in ((session, "strict"), (page, "lax")):
        cookie = only_cookie(answer)
        assert cookie["httponly"] is True
        assert cookie["secure"] is True
        assert cookie["samesite"].lower() == same_site
        assert (cookie["path"], cookie["domain"]) == ("/", "")
        assert int(cookie["max-age"]) == 30 * DAY_S
        assert "no-store" in answer.headers["cache-control"] or "private" in answer.headers["cache-control"]


def made_up(lesson: str, voter: str) -> dict[str, str]:
    """Voter cookies that this server has not signed, by how they were made."""
    value, _, signature = voter.rpartition(".")
    other = "A" if signature[0] != "A" else "B"
    return {
        "plain": "somebody",
        "one letter changed": f"{value}.{other}{signature[1:]}",
        "no signature": value,
        "an empty signature": f"{value}.",
        "another's signature": URLSafeSerializer(b"another secret of sixteen", salt="voter").dumps(
            "somebody"
        ),
        "another purpose": Signer(b"another secret of sixteen").teacher(lesson, "0" * 16),
        "twice signed": f"{voter}.{signature}",
        "huge": "A" * 8_000,
        "quoted": f'"{value}"',
        "dots": "....",
        "not base64": "%F0%9F%8C%B3.\u00e9",
    }


async def test_a_forged_voter_is_no_voter(teacher: Teacher, site: Server) -> None:
    """403, nothing is counted, and no new cookie hides from an honest browser that its own is someone else's."""
    await teacher.write(("poll/p1", poll()))
    async with without_jar(site) as http:
        voter = only_cookie(await http.get(f"/{teacher.lesson}")).value
        for how, cookie in made_up(teacher.lesson, voter).items():
            headers = [(b"Cookie", f"voter={cookie}".encode())]
            answer = await http.post(teacher.path + VOTES, json={"choices": [0]}, headers=headers)
            assert answer.status_code == 403, how
            assert_problem(answer, 403)
            assert "set-cookie" not in answer.headers, how
    assert await counted(teacher) == [0, 0, 0, 0]


async def test_a_session_is_no_voter_and_a_voter_no_session(teacher: Teacher, site: Server) -> None:
    """Signed by one secret, with a salt a purpose: neither passes for the other."""
    await teacher.write(("poll/p1", poll()))
    async with without_jar(site) as http:
        session = only_cookie(await http.post(f"{teacher.path}/session", headers=teacher.auth)).value
        voter = only_cookie(await http.get(f"/{teacher.lesson}")).value
        swapped = {"Cookie": f"teacher_{teacher.lesson}={voter}; voter={session}"}
        assert_problem(await http.post(teacher.path + VOTES, json={"choices": [0]}, headers=swapped), 403)
        watched = await http.get(f"{teacher.path}/state?as=teacher", headers=swapped)
        assert_problem(watched, 401)


async def test_a_copied_voter_is_one_voter(teacher: Teacher, site: Server) -> None:
    """On a hundred machines at once: the last vote stands, and it is one."""
    await teacher.write(("poll/p1", poll()))
    async with without_jar(site) as http:
        voter = only_cookie(await http.get(f"/{teacher.lesson}")).value
        for number in range(100):
            answer = await http.post(
                teacher.path + VOTES, json={"choices": [number % 3]}, headers={"Cookie": f"voter={voter}"}
            )
            assert answer.json() == {"choices": [number % 3]}
    assert await counted(teacher) == [1, 0, 0, 1]


async def test_a_browser_has_one_vote(teacher: Teacher, visitor: httpx.AsyncClient) -> None:
    """The cookie that came with the page, or with the first vote, is its voter from then on, in every poll of the lesson."""
    await teacher.write(("poll/p1", poll()))
    first = await visitor.post(teacher.path + VOTES, json={"choices": [0]})
    cookie = only_cookie(first).value
    for choice in (1, 2, 2, 1):
        assert (
            "set-cookie" not in (await visitor.post(teacher.path + VOTES, json={"choices": [choice]})).headers
        )
    assert "set-cookie" not in (await visitor.get(f"/{teacher.lesson}")).headers
    assert dict(visitor.cookies) == {"voter": cookie}
    assert await counted(teacher) == [0, 1, 0, 1]


@pytest.mark.parametrize(
    "choices",
    [[], [0, 1], [0, 0], [3], [-1], [2**40], ["0"], [0.5], [True], [[0]], None, "0", {}, [None]],
    ids=str,
)
async def test_an_impossible_vote_counts_for_nothing(
    teacher: Teacher, visitor: httpx.AsyncClient, choices: Any
) -> None:
    """Nothing, two, one twice, none there is, no number: 422, and the voter's vote stays what it was."""
    await teacher.write(("poll/p1", poll()))
    await visitor.post(teacher.path + VOTES, json={"choices": [2]})
    answer = await visitor.post(teacher.path + VOTES, json={"choices": choices}, headers=SAME_ORIGIN)
    assert answer.status_code == 422, answer.text
    assert await counted(teacher) == [0, 0, 1, 1]


async def test_a_session_of_one_lesson_opens_no_other(teacher: Teacher, site: Server) -> None:
    """Under its own name, under the other's, or both at once."""
    async with without_jar(site) as http:
        mine = await Teacher.start(http)
        session = only_cookie(await http.post(f"{mine.path}/session", headers=mine.auth)).value
        before = await sight(teacher)
        for name in (f"teacher_{mine.lesson}", f"teacher_{teacher.lesson}", "teacher_", "teacher"):
            headers = {"Cookie": f"{name}={session}", **SAME_ORIGIN}
            assert_problem(
                await http.post(f"{teacher.path}/state", json={"writes": []}, headers=headers), 401
            )
            assert_problem(await http.get(f"{teacher.path}/keys", headers=headers), 401)
        assert await sight(teacher) == before
