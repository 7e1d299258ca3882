"""docs/PROTOCOL.md is true: its examples, run from top to bottom, get the answers that it shows.

Every answer and event is also held against the table of endpoints and the structs of `docs/openapi.json`.
"""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from http.cookiejar import DefaultCookiePolicy
from pathlib import Path

import httpx
import msgspec

from app.core import keys
from app.web import schemas, sent
from app.web.endpoints import ENDPOINTS
from scripts.lib.deck import plain_deck
from scripts.lib.server import Server
from tests.support.eventually import eventually
from tests.support.examples import Exchange, Matching, Names, Part, Told, blocks, differences, fill, read

PROTOCOL = Path(__file__).resolve().parents[2] / "docs" / "PROTOCOL.md"
ENDPOINTS_BY_ORDER = [endpoint for group in ENDPOINTS.values() for endpoint in group]
EVENTS: dict[str, type[schemas.Strict]] = {"state": sent.State, "beat": sent.Beat, "end": sent.End}
SHAPES = {name: each.type for name, each in schemas.VALUES.items()} | sent.REGISTERS

UNTIL_SECONDS = 30.0
STREAM_SECONDS = 30.0  # a beat comes within 15


class Page:
    """One run over the page: the names bound so far, and the open streams."""

    def __init__(self, http: httpx.AsyncClient, stack: AsyncExitStack) -> None:
        self.names: Names = {}
        self._http = http
        self._stack = stack
        self._streams: dict[str, Stream] = {}

    async def run(self, example: Exchange | Told) -> None:
        """One example; AssertionError where the server answers something else."""
        if isinstance(example, Told):
            for wanted in example.blocks:
                await self._streams[example.stream].tells(wanted, self.names)
        elif example.mark == "until":
            await eventually(lambda: self._faults(example), lambda faults: not faults, UNTIL_SECONDS)
        elif example.mark:
            await self._open(example)
        else:
            assert await self._faults(example) == []

    def _request(self, example: Exchange) -> httpx.Request:
        body = example.request.body
        pages = re.fullmatch(r"<(\d+) pages as PDF>", body or "")
        content = plain_deck(int(pages[1])) if pages else fill(body, self.names).encode() if body else None
        headers = {name: fill(value, self.names) for name, value in example.request.headers.items()}
        target = fill(example.target, self.names)
        return self._http.build_request(example.method, target, headers=headers, content=content)

    async def _faults(self, example: Exchange) -> list[str]:
        answer = await self._http.send(self._request(example))
        assert_described(answer)
        text = answer.text if answer.headers.get("content-type", "") != "image/webp" else None
        return differences(example.answer, part(answer, text), self.names)

    async def _open(self, example: Exchange) -> None:
        answer = await self._stack.enter_async_context(sending(self._http, self._request(example)))
        head = Part(example.answer.start, example.answer.headers, None)
        assert differences(head, part(answer, None), self.names) == []
        stream = self._streams[example.mark] = Stream()
        reading = asyncio.create_task(stream.read(answer))
        self._stack.callback(reading.cancel)
        for place, wanted in enumerate(blocks(example.answer.body or "")):
            await stream.tells(wanted, self.names)
            assert stream.read_to == place + 1, f"before {wanted!r} came {stream.blocks[: stream.read_to]}"


class Stream:
    """An open stream's blocks, as they come."""

    def __init__(self) -> None:
        self.blocks: list[str] = []
        self.read_to = 0
        self._news = asyncio.Event()

    async def read(self, answer: httpx.Response) -> None:
        """To its end; run as a task."""
        lines: list[str] = []
        async for line in answer.aiter_lines():
            if line:
                lines.append(line)
                continue
            self.blocks.append("\n".join(lines))
            assert_shaped(self.blocks[-1])
            lines = []
            self._news.set()

    async def tells(self, wanted: str, names: Names) -> None:
        """Waits for a block that fits; those before it are passed over, and beats may have come at any time."""
        try:
            async with asyncio.timeout(STREAM_SECONDS):
                while not self._found(wanted, names):
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            raise AssertionError(f"the stream never told {wanted!r}; it told {self.blocks}") from None

    def _found(self, wanted: str, names: Names) -> bool:
        start = 0 if wanted.startswith("event: beat") else self.read_to
        for place, block in enumerate(self.blocks[start:], start + 1):
            matching = Matching(names)
            if matching.block(wanted, block):
                names |= matching.bound
                self.read_to = max(self.read_to, place)
                return True
        return False


@asynccontextmanager
async def sending(http: httpx.AsyncClient, request: httpx.Request) -> AsyncIterator[httpx.Response]:
    """An answer whose body is read as it comes."""
    answer = await http.send(request, stream=True)
    try:
        yield answer
    finally:
        await answer.aclose()


def part(answer: httpx.Response, text: str | None) -> Part:
    """An answer as examples have it."""
    return Part(f"HTTP/1.1 {answer.status_code}", {k.lower(): v for k, v in answer.headers.items()}, text)


def assert_described(answer: httpx.Response) -> None:
    """The answer is one that the table of endpoints tells of, and its body has the shape that is told."""
    path = answer.request.url.path
    endpoint = next(
        each
        for each in ENDPOINTS_BY_ORDER
        if each.method == answer.request.method
        and re.fullmatch(re.sub(r"\\{\w+\\}", "[^/]+", re.escape(each.path)), path)
    )
    told = endpoint.answers.get(answer.status_code)
    if told is None:
        assert answer.status_code in endpoint.problems, f"{endpoint.id} tells of no {answer.status_code}"
        msgspec.json.decode(answer.content, type=sent.ProblemBody)
    elif told.body is None:
        assert answer.headers.get("content-type", "") == told.media
    else:
        assert_registers(msgspec.json.decode(answer.content, type=told.body))


def assert_shaped(block: str) -> None:
    """An event's data has the shape that is told."""
    fields = dict(line.split(": ", 1) for line in block.splitlines())
    if "event" in fields:
        assert_registers(msgspec.json.decode(fields["data"], type=EVENTS[fields["event"]]))


def assert_registers(value: object) -> None:
    """Each register that is told has its family's shape."""
    for key, told in value.writes if isinstance(value, sent.State) else []:
        if told is not None:
            msgspec.convert(told, type=SHAPES[keys.family(key)])


async def test_every_example_is_true(server: Server) -> None:
    """Each request of the page gets the answer that the page shows, and streams tell what it says they tell."""
    examples = read(PROTOCOL.read_text(encoding="utf-8"))
    async with server.client() as http, AsyncExitStack() as stack:
        http.cookies.jar.set_policy(DefaultCookiePolicy(allowed_domains=[]))  # cookies go as the page shows
        page = Page(http, stack)
        for example in examples:
            try:
                await page.run(example)
            except (AssertionError, KeyError) as fault:
                fault.add_note(f"docs/PROTOCOL.md, line {example.line}")
                raise
