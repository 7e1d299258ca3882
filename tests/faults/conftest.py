"""Fixtures of the faults: a Valkey behind a proxy that misbehaves.

Rules: as everywhere in the tests, all parts are real; the proxy only comes between them.
"""

from collections.abc import Iterator

import pytest

from tests.browser.conftest import browser, hall, lecture, open_window, teacher  # noqa: F401 - fixtures, for pages behind proxies
from tests.support.proxy import Proxy, proxy_to
from tests.support.redis_server import RedisServer

BLOCKING = b"XREAD"  # only the reader sends it


@pytest.fixture
def store_line(own_valkey: RedisServer) -> Iterator[Proxy]:
    """The line to a Valkey of the test's own; the blocking reader's connection is marked."""
    with proxy_to(own_valkey.port, BLOCKING) as proxy:
        yield proxy


def store_url(line: Proxy) -> str:
    """The REDIS_URL that leads over the line."""
    return f"redis://127.0.0.1:{line.port}/0"
