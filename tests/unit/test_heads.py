"""How much of a head is looked at before it is refused, and which hosts are hosts."""

import pytest

from app.web.heads import HEAD_LINES, HOST_CHARS, is_host
from tests.support.onepeer import connection


async def test_no_line_is_read_beyond_the_bound() -> None:
    """However many come in one read, the work stops there."""
    async with connection() as ends:
        ends.protocol.data_received(b"GET / HTTP/1.1\r\n" + b"a:\r\n" * 32_000 + b"\r\n")
        assert ends.protocol.head_lines == HEAD_LINES + 1
        assert (await ends.reader.read()).startswith(b"HTTP/1.1 431 ")


@pytest.mark.parametrize(
    ("host", "is_one"),
    [
        (b"a", True), (b"a" * HOST_CHARS, True), (b"a" * (HOST_CHARS + 1), False), (b"a:80", True), (b"a:", True), (b":80", False), (b"", False),
        (b"[::1]", True), (b"[::1]:80", True), (b"[::1", False), (b"[]", False), (b"::1", False), (b"a:123456", False), (b"a\n", False), (b"a%41", False),
        (b"lectern_web", True), (b"xn--bcher-kva.example", True), (b"b\xc3\xbccher.example", False),
    ],
)  # fmt: skip
def test_a_host_is_a_name_or_an_address(host: bytes, *, is_one: bool) -> None:
    """With a port or without; nothing that could be anything else in a link."""
    assert is_host(host) is is_one
