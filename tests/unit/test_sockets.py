"""The options of a connection: what this system has is set, what a system has not is done without."""

import socket
import subprocess
import sys
from collections.abc import Iterator

import pytest

from app.web import sockets
from scripts.lib.server import PROJECT

# The numbers of another system's options mean nothing here: what counts is which are asked for.
NAMES = """
import socket, sys
names = {names!r}
for name in [name for name in dir(socket) if name.startswith("TCP_")]:
    delattr(socket, name)
vars(socket).update(names)
sys.platform = {platform!r}
from app.web import sockets
print(sorted((option, value) for level, option, value in sockets.OPTIONS if level == socket.IPPROTO_TCP))
"""


@pytest.fixture
def accepted() -> Iterator[socket.socket]:
    """A connection as a server has it."""
    with socket.create_server(("127.0.0.1", 0)) as listener, socket.create_connection(listener.getsockname()):
        connection, _ = listener.accept()
        with connection:
            yield connection


def test_a_connection_notices_a_peer_that_has_vanished(accepted: socket.socket) -> None:
    """On Linux the kernel has every option as the module says it."""
    sockets.prepare(accepted)
    assert accepted.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1
    told = {
        socket.TCP_USER_TIMEOUT: 45_000,
        socket.TCP_NOTSENT_LOWAT: 16_384,
        socket.TCP_KEEPIDLE: 60,
        socket.TCP_KEEPINTVL: 15,
        socket.TCP_KEEPCNT: 3,
    }
    assert {option: accepted.getsockopt(socket.IPPROTO_TCP, option) for option in told} == told


@pytest.mark.parametrize(
    ("platform", "names", "asked"),
    [
        pytest.param(
            "darwin",
            {"TCP_KEEPALIVE": 16, "TCP_KEEPINTVL": 257, "TCP_KEEPCNT": 258, "TCP_NOTSENT_LOWAT": 513},
            [(16, 60), (128, 45), (257, 15), (258, 3), (513, 16_384)],
            id="macOS",
        ),
        pytest.param("nextos", {}, [], id="a system without any"),
    ],
)
def test_each_system_is_asked_for_what_it_has(
    platform: str, names: dict[str, int], asked: list[tuple[int, int]]
) -> None:
    """macOS has others, one of them without a name in Python; a system that has none is no fault."""
    code = NAMES.format(names=names, platform=platform)
    found = subprocess.run(
        [sys.executable, "-c", code], cwd=PROJECT, capture_output=True, text=True, check=True
    )
    assert found.stdout.strip() == str(asked)


def test_a_refused_option_refuses_no_connection(accepted: socket.socket) -> None:
    """macOS refuses options of a connection whose peer has reset it; here one that is closed stands for it."""
    accepted.close()
    sockets.prepare(accepted)


def test_what_is_no_tcp_is_left_alone() -> None:
    """A unix socket has none of them, and a transport may have no socket at all."""
    sockets.prepare(None)
    with socket.socket(socket.AF_UNIX) as other:
        sockets.prepare(other)
        assert other.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 0
