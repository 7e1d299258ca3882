"""Bytes and almost-good requests by machine: whatever comes, an answer below 500, and what is refused has changed nothing.

Rules: one lesson and one client for all examples; before and after are compared as a teacher sees them. Hypothesis makes what it
tries from a seed of its own, the same each time (`derandomize`), so that a run that fails can be run again.
"""

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from tests.support.sites import BEHIND_A_PROXY, CREATE_KEY, ONE, Sites
from tests.support.wire import STROKE, poll, somewhere_else

ODD = st.sampled_from(
    [
        "\0",
        "\r\n",
        "\u2028",
        "\u202e",
        "\ufeff",
        "'",
        '"',
        "\\",
        "<",
        "%",
        "/",
        "..",
        "\x7f",
        "\ud7ff",
        "\U0010ffff",
    ]
)
WORDS = st.text(max_size=40) | st.lists(ODD | st.text(max_size=3), max_size=8).map("".join)
NUMBERS = (
    st.integers() | st.floats() | st.sampled_from([0, -1, 2**31, 2**53, 2**63, 2**64, 10**400, 1e308, -0.0])
)
JSON = st.recursive(
    st.none() | st.booleans() | NUMBERS | WORDS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(WORDS, inner, max_size=4),
    max_leaves=10,
)
GOOD: dict[str, Any] = {
    "slide": {"page": "blank-1"},
    "pages": {"order": ["blank-1"]},
    "screen": {"mode": "black"},
    "ink/a-1/s1": STROKE,
    "pointer": {"page": "a-1", "x": 1, "y": 1},
    "poll/p1": poll(),
    "timer": {"ends": 1},
    "notes/a-1": {"text": "x"},
    "ink/a-1/": None,
}
FIELDS = sorted({field for value in GOOD.values() if value for field in value})


@st.composite
def almost_good(draw: st.DrawFn) -> dict[str, Any]:
    """A write that is good but for one place: a field, the key or the stamp."""
    key = draw(st.sampled_from(sorted(GOOD)))
    value = dict(GOOD[key] or {})
    write: dict[str, Any] = {"key": key, "value": value or None}
    match draw(st.integers(0, 5)):
        case 0:
            write["key"] = draw(WORDS) if draw(st.booleans()) else key + draw(WORDS)
        case 1:
            write["stamp"] = draw(
                WORDS | NUMBERS | st.from_regex(r"[0-9]{0,17}\.[0-9]{0,12}\.[\w-]{0,42}", fullmatch=True)
            )
        case 2:
            write[draw(WORDS)] = draw(JSON)
        case 3:
            write["value"] = draw(JSON)
        case _:
            write["value"] = {**value, draw(st.sampled_from(FIELDS) | WORDS): draw(JSON)}
    return write


class Lesson:
    """The lesson that is tried, and its teacher."""

    def __init__(self, url: str) -> None:
        self.http = httpx.Client(base_url=url, timeout=30.0, trust_env=False)
        made = self.http.post(
            "/api/lessons", json={}, headers={"Authorization": f"Bearer {CREATE_KEY}"}
        ).json()
        self.path = f"/api/lessons/{made['lesson']}"
        self.auth = {"Authorization": f"Bearer {made['teacher_key']}"}
        self.post(
            "/state",
            json.dumps({"writes": [{"key": key, "value": value} for key, value in GOOD.items()]}).encode(),
        )

    def post(self, path: str, content: bytes) -> httpx.Response:
        """A teacher's request."""
        return self.http.post(self.path + path, content=content, headers=self.auth)

    def sight(self) -> dict[str, Any]:
        """The lesson as its teacher sees it, but for what changes by itself."""
        told = self.http.get(f"{self.path}/state?as=teacher", headers=self.auth)
        assert told.status_code == 200
        registers = dict(told.json()["writes"])
        return {
            key: value
            for key, value in registers.items()
            if key != "audience" and not key.startswith("tally/")
        }

    def judged(self, path: str, content: bytes, *refusals: int) -> None:
        """Taken, or refused in one of these ways with nothing changed."""
        before = self.sight()
        answer = self.post(path, content)
        assert answer.status_code in {200, 201, *refusals}, (answer.status_code, content)
        after = self.sight()
        if answer.status_code >= 400:
            assert answer.headers["content-type"] == "application/problem+json"
            assert after == before, content


@pytest.fixture(scope="module")
def lesson(sites: Sites) -> Iterator[Lesson]:
    """One lesson for all examples of this module."""
    tried = Lesson(sites.get(ONE, BEHIND_A_PROXY).url)
    yield tried
    tried.http.close()


def tries(number: int) -> settings:
    """So many examples, the same each time."""
    return settings(
        max_examples=number,
        database=None,
        deadline=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )


@tries(300)
@given(writes=st.lists(almost_good(), min_size=1, max_size=3))
def test_almost_good_writes_are_taken_or_refused_whole(lesson: Lesson, writes: list[dict[str, Any]]) -> None:
    """A good write stands beside each bad one, so that anything that slipped through would show."""
    body = json.dumps({"writes": [{"key": "notes/beside-1", "value": {"text": str(len(writes))}}, *writes]})
    lesson.judged("/state", body.encode(), 400, 422)


@tries(200)
@given(content=st.binary(max_size=200) | JSON.map(lambda value: json.dumps(value).encode()))
def test_any_bytes_are_refused_or_make_sense(lesson: Lesson, content: bytes) -> None:
    """As a write, as a vote, as a key's name."""
    for path in ("/state", "/polls/p1/votes"):
        lesson.judged(path, content, 400, 422)


@tries(150)
@given(cut=st.integers(0, 400), flipped=st.integers(0, 400), byte=st.integers(0, 255))
def test_a_good_body_that_was_damaged_on_the_way(lesson: Lesson, cut: int, flipped: int, byte: int) -> None:
    """Cut off anywhere, and with one byte changed anywhere."""
    body = bytearray(
        json.dumps({"writes": [{"key": key, "value": value} for key, value in GOOD.items()]}).encode()
    )
    body[flipped % len(body)] = byte
    lesson.judged("/state", bytes(body), 400, 422)
    lesson.judged("/state", bytes(body[: cut % len(body)]), 400, 422)


@tries(250)
@given(cursor=WORDS | st.from_regex(r"[0-9a-f]{0,9}\.?[0-9]{0,17}-?[0-9]{0,17}", fullmatch=True))
def test_any_cursor_gets_a_reset_or_a_change(lesson: Lesson, cursor: str) -> None:
    """By the query and by the header: never an error, never silence."""
    told = lesson.http.get(f"{lesson.path}/state", params={"cursor": cursor, "wait": "0"})
    assert told.status_code == 200
    assert told.json().get("reset") is True
    told = lesson.http.get(f"{lesson.path}/state?cursor={quote(cursor, safe='')}")
    assert told.json()["reset"] is True
    printable = "".join(letter for letter in cursor if 0x20 < ord(letter) < 0x7F)
    with lesson.http.stream("GET", f"{lesson.path}/events", headers={"Last-Event-ID": printable}) as stream:
        assert stream.status_code == 200
        first = next(chunk for chunk in stream.iter_text() if "data: " in chunk)
        assert '"reset":true' in first


@tries(250)
@given(
    query=st.dictionaries(st.sampled_from(["as", "cursor", "wait", "name", "x"]) | WORDS, WORDS, max_size=4)
)
def test_any_query_is_answered(lesson: Lesson, query: dict[str, str]) -> None:
    """200 or 422, also without a key, also with the same name many times."""
    pairs: list[tuple[str, str | int | float | bool | None]] = [
        (name, value) for name, value in query.items() for _ in range(2)
    ]
    for path in ("/state", "", "/ink/a-1", "/qr.svg"):
        answer = lesson.http.get(lesson.path + path, params=pairs)
        assert answer.status_code in {200, 401, 422}, answer.url


@tries(250)
@given(part=WORDS, place=st.integers(0, 8))
def test_any_address_is_answered(lesson: Lesson, part: str, place: int) -> None:
    """In each place that takes a text."""
    quoted = quote(part, safe="")
    paths = ["/{}", "/teach/{}", "/api/lessons/{}", "/api/lessons/{}/state", "/decks/{}/1-800.webp", "/decks/zzzzzz/{}.txt", "/static/0/{}",
             f"{lesson.path}/ink/{{}}", f"{lesson.path}/polls/{{}}/votes"]  # fmt: skip
    answer = lesson.http.get(paths[place].format(quoted), headers=somewhere_else())
    assert answer.status_code in {200, 307, 404, 405}, answer.url


@tries(200)
@given(
    name=st.from_regex(r"[A-Za-z][A-Za-z0-9-]{0,20}", fullmatch=True)
    | st.sampled_from(["Host", "Cookie", "Origin", "Authorization", "If-None-Match", "X-Forwarded-For", "Accept-Encoding", "Range", "Expect"]),
    value=st.binary(max_size=60).map(lambda data: bytes(byte for byte in data if byte >= 0x20 and byte != 0x7F)),
)  # fmt: skip
def test_any_header_is_borne(lesson: Lesson, name: str, value: bytes) -> None:
    """On an address that anybody may ask, and on one that a teacher may."""
    if name.lower() in {"content-length", "transfer-encoding", "connection", "te", "upgrade"}:
        return
    for path in (lesson.path, f"{lesson.path}/state?as=teacher", f"/{lesson.path.rpartition('/')[2]}"):
        answer = lesson.http.get(path, headers=[(name.encode(), value.strip())])
        assert answer.status_code in {200, 304, 400, 401}, (name, value)
