"""One request as bytes, one answer as bytes: for what no client would send."""

from scripts.lib.server import Server
from tests.support.wire import head, wire


async def exchange(server: Server, request: bytes, seconds: float = 10.0) -> bytes:
    """All that the server answers before it closes, which it does without a reset, also where it has not read everything."""
    async with wire(server) as connection:
        await connection.send(request)
        return await connection.until_end(seconds)


def request(method: str, path: str, *lines: str, body: bytes = b"", version: str = "1.1") -> bytes:
    """A request that closes its connection, with header lines as they are given."""
    fields = ["Host: lectern.example", "Connection: close", *lines]
    first = f"{method} {path} HTTP/{version}\r\n"
    return (first + "".join(f"{line}\r\n" for line in fields) + "\r\n").encode("latin-1") + body


def status(raw: bytes) -> int:
    """The status of a raw answer."""
    return int(head(raw)[0].split(" ")[1])


def fields(raw: bytes) -> dict[str, list[str]]:
    """The headers of a raw answer, by name."""
    found: dict[str, list[str]] = {}
    for name, value in head(raw)[1]:
        found.setdefault(name, []).append(value)
    return found
