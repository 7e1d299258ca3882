"""Texts that people type: in frames, in headers, in the store's commands, in a spreadsheet.

Threats: a title, a name, a question or a note that ends a line, an event or a header and goes on as one of its own.
"""

import csv
import io
import json
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from scripts.lib.deck import plain_deck
from scripts.lib.server import Server
from scripts.lib.stream import open_stream
from scripts.lib.teacher import Teacher
from tests.support.hostile_texts import FORMULAS, LONE, MARKER, TEXTS
from tests.support.raw import exchange, fields, request, status
from tests.support.wire import poll, sight, unchunked, viewer_state, wire

LINES_AND_DIRECTIONS = {
    *map(chr, range(0x20)),
    *map(chr, range(0x7F, 0xA0)),
    *"\u2028\u2029\u202a\u202e\u2066\u2069",
}

EACH = pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS.keys())


def poll_of(text: str) -> dict[str, Any]:
    """A poll made of a text."""
    return poll(question=text[:1_000], options=[text[:500], f"{text[:480]} too", "plain"], reveal=True)


@EACH
async def test_a_text_comes_back_as_it_was_sent(
    teacher: Teacher, visitor: httpx.AsyncClient, text: str
) -> None:
    """Character by character, in every field that takes one, by every way out."""
    other = await Teacher.start(visitor, text[:200])
    assert (await visitor.get(other.path)).json()["title"] == text[:200].strip()
    given = await visitor.post(f"{teacher.path}/keys", json={"name": text[:80]}, headers=teacher.auth)
    assert given.json()["name"] == text[:80].strip()
    listed = await visitor.get(f"{teacher.path}/keys", headers=teacher.auth)
    assert text[:80].strip() in [key["name"] for key in listed.json()["keys"]]
    wanted = {"poll/p1": poll_of(text), "notes/blank-1": {"text": text}}
    async with open_stream(visitor, teacher.lesson, key=teacher.key) as panel:
        await panel.next_state()
        await teacher.write(*wanted.items())
        await panel.until(lambda registers: wanted.items() <= registers.items())
    assert wanted.items() <= (await teacher.registers()).items()
    assert (await viewer_state(teacher))["writes"][0] == ["poll/p1", wanted["poll/p1"]]


@EACH
async def test_a_text_breaks_no_frame(teacher: Teacher, site: Server, text: str) -> None:
    """The bytes of the stream: an event has three lines and an empty one, whatever its values hold."""
    async with wire(site) as live:
        await live.send(b"GET %s/events?as=teacher HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\n\r\n"
                        % (teacher.path.encode(), teacher.key.encode()))  # fmt: skip
        await live.until(b": ok\n")
        cursor = (await teacher.write(("poll/p1", poll_of(text)), ("notes/blank-1", {"text": text})))[
            "cursor"
        ]
        await live.until_cursor(cursor)
        events = unchunked(live.read).split(b"\n\n")
    states = [event for event in events if b"event: state" in event]
    assert len(states) == 2
    for event in states:
        # By the standard a line ends at LF, CR or both, and at nothing else.
        assert b"\r" not in event
        names = [line.partition(b": ")[0] for line in event.split(b"\n")]
        assert names == [b"id", b"event", b"data"]
    told = json.loads(states[1].partition(b"\ndata: ")[2])["writes"]
    assert ["notes/blank-1", {"text": text}] in told


@EACH
async def test_a_text_in_an_address_or_a_header_stays_there(
    teacher: Teacher, visitor: httpx.AsyncClient, site: Server, text: str
) -> None:
    """A deck's name, a cursor, a code, a header: no answer has a header or an end that we have not given it."""
    async with open_stream(visitor, teacher.lesson) as stream:
        await stream.next_state()
    quoted = quote(text, safe="")
    for path in ("/state", "/ink/{}", "/keys/{}", "/polls/{}/votes"):
        answer = await visitor.get(
            teacher.path + path.replace("{}", quoted), params={"cursor": text, "as": text}
        )
        assert answer.status_code in {307, 404, 405, 422}  # 307: a slash too many
        assert answer.headers.get("location", "/api").startswith("/api")
    for path in ("/{}", "/teach/{}", "/decks/{}/1-800.webp", "/static/{}/{}", "/api/lessons/{}/state"):
        answer = await visitor.get(path.replace("{}", quoted))
        assert answer.status_code in {307, 404}
        assert answer.status_code == 404 or not answer.headers["location"].startswith(("//", "http"))
        assert "set-cookie" not in answer.headers
    line = "".join(character for character in text if 0x20 <= ord(character) < 0x7F)
    for header in (
        "Last-Event-ID",
        "X-Forwarded-For",
        "X-Forwarded-Proto",
        "If-None-Match",
        "Origin",
        "Cookie",
        "Accept",
        "User-Agent",
    ):
        raw = await exchange(site, request("GET", f"{teacher.path}/state", f"{header}: {line}"))
        assert status(raw) == 200, header
        assert MARKER.encode() not in raw


@pytest.mark.parametrize("end", ["\r\n", "\n", "\r", "\0", "\r\n "], ids=repr)
@pytest.mark.parametrize(
    "header", ["Last-Event-ID", "X-Forwarded-Proto", "X-Forwarded-For", "Host", "Cookie", "Authorization"]
)
async def test_a_line_end_in_a_header_is_no_header(
    teacher: Teacher, site: Server, header: str, end: str
) -> None:
    """Bare CR, LF and NUL and folded lines are refused; what comes after CR LF is a header of the request and of no answer."""
    raw = await exchange(
        site, request("GET", f"{teacher.path}/qr.svg", f"{header}: a{end}Set-Cookie: voter=stolen")
    )
    assert status(raw) == (200 if end == "\r\n" and header != "Host" else 400)  # of hosts there is one
    assert "set-cookie" not in fields(raw)
    assert b"stolen" not in raw


@EACH
async def test_a_decks_name_is_one_line_of_text(teacher: Teacher, text: str) -> None:
    """Cut, and without what no name has; its register is whole."""
    deck = await teacher.upload(plain_deck(1), text)
    register = await teacher.rendered(deck)
    assert register["status"] == "ready"
    assert MARKER in register["name"]
    assert len(register["name"]) <= 120
    assert set(register["name"]).isdisjoint(LINES_AND_DIRECTIONS)


@pytest.mark.parametrize("spelled", LONE)
async def test_half_a_character_is_refused(teacher: Teacher, spelled: str) -> None:
    """A surrogate on its own, which JSON can spell and UTF-8 cannot: refused, and nothing is changed."""
    before = await sight(teacher)
    bodies = {
        f"{teacher.path}/state": '{"writes": [{"key": "notes/a-1", "value": {"text": "%s"}}]}',
        f"{teacher.path}/keys": '{"name": "%s"}',
        "/api/lessons": '{"title": "%s"}',
    }
    for path, body in bodies.items():
        for content in ((body % spelled).encode(), (body % "?").encode().replace(b"?", b"\xed\xa0\x80")):
            answer = await teacher.http.post(path, content=content, headers=teacher.auth)
            assert answer.status_code in {400, 422}, answer.text
            assert answer.json()["errors"]
    assert await sight(teacher) == before


async def test_half_a_character_in_an_address_is_no_fault_of_ours(
    visitor: httpx.AsyncClient, teacher: Teacher
) -> None:
    """Bytes that are no UTF-8, anywhere in an address."""
    for bad in ("%ed%a0%80", "%ff%fe", "%c0%af", "%f8%88%80%80%80", "%00", "%"):
        for path in (
            f"/{bad}",
            f"/api/lessons/{bad}/state",
            f"{teacher.path}/ink/{bad}",
            f"/decks/{bad}/1.txt",
        ):
            assert (await visitor.get(path)).status_code == 404, path
        assert (await visitor.get(f"{teacher.path}/state?cursor={bad}")).json()["reset"] is True


@pytest.mark.parametrize("formula", FORMULAS, ids=repr)
async def test_a_formula_in_the_results_stays_text(teacher: Teacher, formula: str) -> None:
    """The file's rows are what the polls are, and no cell begins as a formula does, after what a spreadsheet drops."""
    asked = poll(question=formula, options=[formula, f"{formula} too", "plain"])
    await teacher.write(("poll/-A1", asked))
    answer = await teacher.http.get(f"{teacher.path}/polls.csv", headers=teacher.auth)
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"] == f'attachment; filename="{teacher.lesson}-polls.csv"'
    rows = list(csv.reader(io.StringIO(answer.text, newline="")))
    assert len(rows) == 4
    for row, option in zip(rows[1:], asked["options"], strict=True):
        assert row[0] == "'-A1"
        assert (row[1], row[3]) in {(f"'{formula}", f"'{option}"), (f"'{formula}", option), (formula, option)}
        for cell in row[:4]:
            bare = cell.lstrip("\0\u200b\u2060\ufeff \t\r\n\u00a0")
            assert not bare.startswith(tuple("=+-@\uff1d\uff0b\uff0d\uff20")), cell
