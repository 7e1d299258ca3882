"""Votes and results (docs/PROTOCOL.md, section 8)."""

import asyncio
import csv
import io
import random
from collections import Counter
from typing import Any

import httpx
import pytest

from scripts.lib.server import Server
from scripts.lib.stream import EventStream, open_stream
from scripts.lib.teacher import Teacher
from tests.support.eventually import eventually
from tests.support.sites import TWO
from tests.support.wire import assert_problem, poll, sight, viewer_state, without_jar

TALLY_S = 0.5  # at most two a second


def votes(teacher: Teacher, name: str = "p1") -> str:
    """Where a poll's votes go."""
    return f"{teacher.path}/polls/{name}/votes"


async def tally(teacher: Teacher, voters: int, name: str = "p1") -> list[int]:
    """The counts, once so many voters are in them."""
    async with open_stream(teacher.http, teacher.lesson, key=teacher.key) as panel:
        registers = await panel.until(
            lambda registers: registers.get(f"tally/{name}", {}).get("voters") == voters
        )
        counts: list[int] = registers[f"tally/{name}"]["counts"]
        return counts


async def test_a_vote_is_counted_and_its_voter_gets_a_cookie(
    teacher: Teacher, visitor: httpx.AsyncClient
) -> None:
    """200 with what is counted; the signed cookie is set where it was missing, and once."""
    await teacher.write(("poll/p1", poll()))
    answer = await visitor.post(votes(teacher), json={"choices": [1]})
    assert (answer.status_code, answer.json()) == (200, {"choices": [1]})
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("voter=")
    attributes = {part.strip().partition("=")[0].lower() for part in cookie.split(";")[1:]}
    assert {"httponly", "path", "samesite"} <= attributes
    again = await visitor.post(votes(teacher), json={"choices": [1]})
    assert "set-cookie" not in again.headers
    assert await tally(teacher, 1) == [0, 1, 0]


async def test_voting_again_replaces_the_vote(teacher: Teacher, visitor: httpx.AsyncClient) -> None:
    """Never twice, whatever is repeated and in whichever order."""
    await teacher.write(("poll/p1", poll()))
    for choice in (0, 0, 2, 1, 1, 2, 2):
        answer = await visitor.post(votes(teacher), json={"choices": [choice]})
        assert answer.json() == {"choices": [choice]}
    await tally(teacher, 1)
    await asyncio.sleep(2 * TALLY_S)  # whatever else would be published has been by then
    final = {"counts": [0, 0, 1], "voters": 1}
    await eventually(teacher.registers, lambda now: now["tally/p1"] == final)


async def test_a_voter_has_one_vote_in_each_poll(teacher: Teacher, visitor: httpx.AsyncClient) -> None:
    """Polls do not mix, not even where one's id begins another's; nor do lessons."""
    other = await Teacher.start(visitor)
    names = ["p1", "p10", "p", "p1-", "P1"]
    await teacher.write(*((f"poll/{name}", poll()) for name in names))
    await other.write(("poll/p1", poll()))
    for number, name in enumerate(names):
        await visitor.post(votes(teacher, name), json={"choices": [number % 3]})
    await visitor.post(votes(other), json={"choices": [2]})
    for number, name in enumerate(names):
        counts = await tally(teacher, 1, name)
        assert counts == [int(option == number % 3) for option in range(3)], name
    assert await tally(other, 1) == [0, 0, 1]


async def test_several_choices_where_the_poll_allows_them(teacher: Teacher, site: Server) -> None:
    """Each once; counted as one voter."""
    await teacher.write(("poll/p1", poll(multiple=True)))
    async with without_jar(site) as voters:
        for choices in ([0, 2], [2, 0], [1], [0, 1, 2]):
            answer = await voters.post(votes(teacher), json={"choices": choices})
            assert answer.json() == {"choices": choices}
    assert await tally(teacher, 4) == [3, 2, 3]


@pytest.mark.parametrize(
    ("value", "body", "status", "paths"),
    [
        (poll(), b'{"choices": []}', 422, ["choices"]),
        (poll(), b'{"choices": [3]}', 422, ["choices"]),
        (poll(), b'{"choices": [-1]}', 422, ["choices[0]"]),
        (poll(), b'{"choices": [0, 1]}', 422, ["choices"]),
        (poll(multiple=True), b'{"choices": [0, 0]}', 422, ["choices"]),
        (poll(multiple=True), b'{"choices": [0, 3]}', 422, ["choices"]),
        (poll(multiple=True), b'{"choices": [0,1,2,0,1,2,0,1,2,0,1]}', 422, ["choices"]),
        (poll(), b'{"choices": [99999999999999999999]}', 422, ["choices[0]"]),
        (poll(), b'{"choices": ["0"]}', 422, ["choices[0]"]),
        (poll(), b'{"choices": [0.5]}', 422, ["choices[0]"]),
        (poll(), b'{"choices": [true]}', 422, ["choices[0]"]),
        (poll(), b'{"choices": 0}', 422, ["choices"]),
        (poll(), b'{"choices": null}', 422, ["choices"]),
        (poll(), b'{"choice": [0]}', 422, [""]),
        (poll(), b"{}", 422, ["choices"]),
        (poll(), b"[0]", 422, [""]),
        (poll(), b"", 400, [""]),
        (poll(), b"choices=0", 400, [""]),
        (poll(), b'{"choices": [0]}' + b" " * 10_000, 413, [""]),
        (poll(status="closed"), b'{"choices": [0]}', 409, []),
        (poll(status="closed", reveal=True), b'{"choices": [0]}', 409, []),
        (poll(status="draft"), b'{"choices": [0]}', 404, []),
        (poll(status="draft"), b'{"choices": [9]}', 404, []),
        (None, b'{"choices": [0]}', 404, []),
    ],
    ids=str,
)
async def test_a_vote_that_cannot_be_counted_is_a_problem(
    teacher: Teacher, visitor: httpx.AsyncClient, value: Any, body: bytes, status: int, paths: list[str]
) -> None:
    """And changes nothing: not the vote that the voter had, nor anything else."""
    await teacher.write(("poll/p1", poll(multiple=True)))
    assert (await visitor.post(votes(teacher), json={"choices": [1]})).status_code == 200
    await tally(teacher, 1)
    await teacher.write(("poll/p1", value))
    before = await sight(teacher)
    headers = {"Content-Type": "application/json"}
    assert_problem(await visitor.post(votes(teacher), content=body, headers=headers), status, *paths)
    assert await sight(teacher) == before
    await teacher.write(("poll/p1", poll(multiple=True)))
    kept = (
        {"counts": [0, 1, 0], "voters": 1} if value is not None else None
    )  # a deleted poll's votes are gone
    assert (await teacher.registers()).get("tally/p1") == kept


@pytest.mark.parametrize("name", ["nope", "p2", "x" * 41, "%20", "p%2F1", "%C3%A9", "p1%0A", "p1:0", "*"])
async def test_a_poll_that_is_not_there_is_404(
    teacher: Teacher, visitor: httpx.AsyncClient, name: str
) -> None:
    """Exactly as a draft is, so that nobody can tell that there is one."""
    await teacher.write(("poll/p1", poll()), ("poll/draft", poll(status="draft")))
    answer = await visitor.post(votes(teacher, name), json={"choices": [0]})
    assert_problem(answer, 404)
    draft = await visitor.post(votes(teacher, "draft"), json={"choices": [0]})
    if "/" not in name and "%2F" not in name:
        assert (answer.content, draft.content) == (draft.content, draft.content)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),  # a script that is no browser; there is nothing to steal with a viewer's cookie
        ({"Sec-Fetch-Site": "same-origin"}, 200),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Origin": "{site}"}, 200),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Sec-Fetch-Site": "cross-site", "Origin": "{site}"}, 403),
    ],
    ids=str,
)
async def test_another_sites_page_cannot_vote(
    teacher: Teacher, visitor: httpx.AsyncClient, site: Server, headers: dict[str, str], status: int
) -> None:
    """403, and no vote."""
    await teacher.write(("poll/p1", poll()))
    given = {name: value.format(site=site.url) for name, value in headers.items()}
    answer = await visitor.post(votes(teacher), json={"choices": [0]}, headers=given)
    if status == 200:
        assert answer.status_code == 200
        assert await tally(teacher, 1) == [1, 0, 0]
        return
    assert_problem(answer, 403)
    assert "set-cookie" not in answer.headers
    assert "tally/p1" not in await teacher.registers()


@pytest.mark.parametrize("cookie", ["x", "", "a.b", "1", "voter", "é", "{mine}x", "x{mine}", "{teachers}"])
async def test_a_made_up_voter_has_no_vote(teacher: Teacher, site: Server, cookie: str) -> None:
    """Voters are signed here: nobody votes twice by inventing one, nor with a cookie made for something else."""
    await teacher.write(("poll/p1", poll()))
    async with site.client() as http:
        answer = await http.post(f"{teacher.path}/session", headers=teacher.auth)
        teachers = answer.headers["set-cookie"].partition(";")[0].partition("=")[2]
    async with without_jar(site) as voters:
        answer = await voters.post(votes(teacher), json={"choices": [0]})
        mine = answer.headers["set-cookie"].partition(";")[0].partition("=")[2]
        made_up = b"voter=" + cookie.format(mine=mine, teachers=teachers).encode()
        answer = await voters.post(
            votes(teacher), json={"choices": [1]}, headers=[(b"Cookie", made_up), (b"Accept", b"*/*")]
        )
        assert_problem(answer, 403)
    assert await tally(teacher, 1) == [1, 0, 0]


async def test_a_closed_poll_keeps_its_votes_and_goes_on_when_it_opens_again(
    teacher: Teacher, visitor: httpx.AsyncClient, site: Server
) -> None:
    """Through slide changes, too: a poll is nobody's slide."""
    await teacher.write(("slide", {"page": "a-1"}), ("poll/p1", poll()))
    await visitor.post(votes(teacher), json={"choices": [0]})
    await teacher.write(("slide", {"page": "a-2"}), ("poll/p1", poll(status="closed", reveal=True)))
    assert await tally(teacher, 1) == [1, 0, 0]
    assert dict((await viewer_state(teacher))["writes"])["tally/p1"] == {"counts": [1, 0, 0], "voters": 1}
    await teacher.write(("slide", {"page": "a-3"}), ("poll/p1", poll()))
    assert (await visitor.post(votes(teacher), json={"choices": [2]})).status_code == 200
    async with site.client() as somebody:
        await somebody.post(votes(teacher), json={"choices": [2]})
    assert await tally(teacher, 2) == [0, 0, 2]


def tallies(panel: EventStream) -> list[tuple[float, dict[str, Any]]]:
    """When a tally came, and what it said."""
    return [
        (event.at, told["tally/p1"])
        for event in panel.events
        if event.name == "state" and "tally/p1" in (told := dict(event.data["writes"]))
    ]


@pytest.mark.parametrize("site", [TWO], indirect=True)
async def test_300_who_vote_at_once_are_all_counted(site: Server) -> None:
    """Some change their mind meanwhile; the tally comes at most twice a second, and the last one is right."""
    async with site.client() as http, without_jar(site, connections=24) as voters:
        teacher = await Teacher.start(http)
        await teacher.write(("poll/p1", poll()))
        async with open_stream(http, teacher.lesson, key=teacher.key) as panel:
            await panel.next_state()

            async def voter(number: int) -> int:
                choice = 0
                cookie: dict[str, str] = {}
                for _ in range(1 + (number % 3 == 0)):
                    choice = random.randrange(3)
                    answer = await voters.post(votes(teacher), json={"choices": [choice]}, headers=cookie)
                    assert answer.json() == {"choices": [choice]}, answer.text
                    if "set-cookie" in answer.headers:
                        cookie = {"Cookie": answer.headers["set-cookie"].partition(";")[0]}
                return choice

            chosen = Counter(await asyncio.gather(*map(voter, range(300))))
            right = {"counts": [chosen[option] for option in range(3)], "voters": 300}
            await panel.until(lambda registers: registers.get("tally/p1") == right)
            came = tallies(panel)
        assert all(sum(told["counts"]) == told["voters"] <= 300 for _, told in came)
        counted = [told["voters"] for _, told in came]
        assert counted == sorted(counted)
        assert len(came) <= (came[-1][0] - came[0][0]) / TALLY_S + 2
        for (first, _), (third, _) in zip(came, came[2:], strict=False):
            assert third - first > TALLY_S, "two to a second; arrivals jitter"


async def test_results_are_a_row_for_each_poll_and_option(teacher: Teacher, site: Server) -> None:
    """Drafts and unrevealed polls among them: the file is the teacher's."""
    odd = 'He said: "a, b"\n=1+1'
    await teacher.write(
        ("poll/a", poll(question=odd, correct=[1])),
        ("poll/b", poll(question="Noch eine? 木", options=["=SUM(A1)", "@x", "-1", "+1"], multiple=True)),
        ("poll/c", poll(status="draft")),
        ("poll/d", poll()),
    )
    async with without_jar(site) as voters:
        for name, choices in [("a", [1]), ("a", [1]), ("a", [0]), ("b", [0, 3])]:
            answer = await voters.post(votes(teacher, name), json={"choices": choices})
            assert answer.status_code == 200
    await teacher.write(("poll/d", None))
    answer = await teacher.http.get(f"{teacher.path}/polls.csv", headers=teacher.auth)
    assert answer.status_code == 200
    assert answer.headers["content-type"].partition(";")[0] == "text/csv"
    rows = list(csv.DictReader(io.StringIO(answer.text, newline="")))
    assert [(row["poll"], row["option"], row["count"], row["voters"]) for row in rows] == [
        ("a", "1", "1", "3"),
        ("a", "2", "2", "3"),
        ("a", "3", "0", "3"),
        ("b", "1", "1", "1"),
        ("b", "2", "0", "1"),
        ("b", "3", "0", "1"),
        ("b", "4", "1", "1"),
        ("c", "1", "0", "0"),
        ("c", "2", "0", "0"),
        ("c", "3", "0", "0"),
    ]
    assert rows[0]["question"] == odd
    assert [row["correct"] for row in rows[:3]] == ["", "yes", ""]
    for row in rows:
        for cell in row.values():
            assert not cell.startswith(("=", "+", "-", "@")), "a spreadsheet would run it"
