"""Frames reach the client as they were meant, however the network cuts them and whatever the values hold."""

import codecs
import json
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any

import h11
from httpx_sse._decoders import SSEDecoder, SSELineDecoder
from hypothesis import given, strategies as st

from app.core import frames
from app.core.audience import encode
from app.core.cursor import Cursor
from app.core.lesson import Position

Event = tuple[str, str, str, int | None]  # name, data, id, retry

texts = st.text(st.characters(exclude_categories=["Cs"])) | st.sampled_from(
    ("\r", "\n", "\r\n", "\n\n", "\u2028", "\u2029", "\x85", "\0", "data: x\n\n", "\ufeff", "\x0b\x0c\x1c")
)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)
registers = st.dictionaries(
    st.sampled_from(("slide", "ink/", "ink/a-1/s", "poll/x", "notes/a-1", "ink/a-1/")), values
)


def raw(value: Any, *, ascii_only: bool) -> str:
    """JSON text as the web hands it on: compact."""
    return json.dumps(value, ensure_ascii=ascii_only, separators=(",", ":"))


def reference(stream: bytes) -> list[Event]:
    """The standard's own rules, in a dozen lines: lines end with CR LF, LF or CR; an empty line dispatches."""
    text = stream.decode().replace("\r\n", "\n").replace("\r", "\n")
    events: list[Event] = []
    last_id, name, data, wait = "", "", list[str](), None
    for line in text.split("\n")[:-1]:
        field, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if not line:
            if data or wait is not None:
                events.append((name or "message", "\n".join(data), last_id, wait))
            name, data, wait = "", [], None
        elif field == "event":
            name = value
        elif field == "data":
            data.append(value)
        elif field == "id" and "\0" not in value:
            last_id = value
        elif field == "retry" and value.isdecimal():
            wait = int(value)
    return events


def fed(pieces: Iterable[bytes]) -> list[Event]:
    """What httpx-sse makes of a stream that arrives in these pieces."""
    to_text, to_lines, to_events = codecs.getincrementaldecoder("utf-8")(), SSELineDecoder(), SSEDecoder()
    found: list[Event] = []
    for piece in pieces:
        text = to_text.decode(piece)
        for line in to_lines.decode(text) if text else ():
            event = to_events.decode(line)
            if event is not None and (event.data or event.retry is not None):
                found.append((event.event, event.data, event.id, event.retry))
    return found


def cut(stream: bytes, cuts: Iterable[int]) -> list[bytes]:
    """The stream in pieces."""
    ends = sorted({0, len(stream), *(at % (len(stream) + 1) for at in cuts)})
    return [stream[a:b] for a, b in pairwise(ends)]


@given(
    told=st.lists(registers, min_size=1, max_size=3), ascii_only=st.booleans(), cuts=st.lists(st.integers(0))
)
def test_a_stream_is_the_same_in_any_pieces(
    told: Sequence[dict[str, Any]], cuts: list[int], *, ascii_only: bool
) -> None:
    """Whole, cut anywhere, and one byte at a time; by the standard's rules and by a client in use."""
    payloads = [
        encode({key: raw(value, ascii_only=ascii_only) for key, value in each.items()}, reset=not place)
        for place, each in enumerate(told)
    ]
    cursors = [str(Cursor("5f3a91c2", Position(1, place))) for place in range(len(payloads))]
    states = [frames.state(*each) for each in zip(cursors, payloads, strict=True)]
    first, *more = states
    sent = [frames.retry(3170), first, frames.PADDING, frames.beat(1, 2), *more, frames.END]
    stream = b"".join(frame.raw for frame in sent)
    expected = [
        ("message", "", "", 3170),
        ("state", payloads[0], cursors[0], None),
        ("beat", '{"now":1,"viewers":2}', cursors[0], None),
        *(("state", *each, None) for each in zip(payloads[1:], cursors[1:], strict=True)),
        ("end", "{}", cursors[-1], None),
    ]
    assert reference(stream) == expected
    assert fed([stream]) == expected
    assert fed(cut(stream, cuts)) == expected
    assert fed(bytes([byte]) for byte in stream) == expected


@given(told=registers, reset=st.booleans())
def test_the_payload_is_what_was_told(told: dict[str, Any], *, reset: bool) -> None:
    """Every value, clears first, on one line."""
    payload = encode({key: raw(value, ascii_only=False) for key, value in told.items()}, reset=reset)
    assert not {"\r", "\n"} & set(payload)
    data = json.loads(payload)
    assert data.pop("reset", False) == reset
    keys = [key for key, _ in data.pop("writes")]
    assert data == {}
    assert keys == sorted(key for key in told if key.endswith("/")) + sorted(
        key for key in told if not key.endswith("/")
    )
    assert dict(json.loads(payload)["writes"]) == told


@given(st.lists(registers, min_size=1, max_size=3), st.lists(st.integers(0)))
def test_chunked_frames_are_http(told: Sequence[dict[str, Any]], cuts: list[int]) -> None:
    """An HTTP client takes the frames' bytes, and the end, out of the chunked coding."""
    sent = [
        frames.state("c", encode({k: raw(v, ascii_only=False) for k, v in each.items()}, reset=False))
        for each in told
    ]
    client = h11.Connection(h11.CLIENT)
    client.send(h11.Request(method="GET", target="/", headers=[("host", "x")]))
    client.send(h11.EndOfMessage())
    head = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"
    body, ended = b"", False
    for piece in cut(head + b"".join(frame.chunked for frame in sent) + frames.LAST_CHUNK, cuts):
        client.receive_data(piece)
        while (event := client.next_event()) is not h11.NEED_DATA and event is not h11.PAUSED:
            if isinstance(event, h11.Data):
                body += event.data
            ended = ended or isinstance(event, h11.EndOfMessage)
    assert body == b"".join(frame.raw for frame in sent)
    assert ended
