"""The options of an accepted TCP connection: how it finds out that its peer has vanished, and how much old news it holds.

Rules: each system has some of them, under names of its own; what it has not, or does not take, the connection does without,
and is served. The list is made once a process; a connection costs one call an option.
"""

import asyncio
import fcntl
import socket
import struct
import sys
import termios
from contextlib import suppress

UNSENT = (
    16 * 1024
)  # bytes the kernel takes beyond what is on its way: else it would queue megabytes of old news
IDLE_S, BETWEEN_S, PROBES = (
    60,
    15,
    3,
)  # keepalive: silence before the first probe, between probes, and how many
UNACKNOWLEDGED_MS = 45_000  # three beats
# <netinet/tcp.h> of macOS: seconds of retransmission before the connection is dropped. Python has no name for it.
MACOS_TCP_RXT_CONNDROPTIME = 0x80


def _options() -> list[tuple[int, int, int]]:
    """Level, option, value: those that this system has."""
    named = (
        ("TCP_USER_TIMEOUT", UNACKNOWLEDGED_MS),  # Linux
        ("TCP_NOTSENT_LOWAT", UNSENT),
        (
            "TCP_KEEPIDLE" if hasattr(socket, "TCP_KEEPIDLE") else "TCP_KEEPALIVE",
            IDLE_S,
        ),  # the latter on macOS
        ("TCP_KEEPINTVL", BETWEEN_S),
        ("TCP_KEEPCNT", PROBES),
    )
    tcp = [(getattr(socket, name), value) for name, value in named if hasattr(socket, name)]
    if sys.platform == "darwin":
        tcp.append((MACOS_TCP_RXT_CONNDROPTIME, UNACKNOWLEDGED_MS // 1000))
    return [
        (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1),
        *((socket.IPPROTO_TCP, option, value) for option, value in tcp),
    ]


OPTIONS = _options()


def prepare(peer: socket.socket | None) -> None:
    """Set them on a connection, if it is one of TCP."""
    if peer is not None and peer.family in {socket.AF_INET, socket.AF_INET6}:
        for option in OPTIONS:
            # A system may refuse one that it names, and macOS refuses all on a connection that its peer has reset.
            with suppress(OSError):
                peer.setsockopt(*option)


def forbear(transport: asyncio.Transport, *, behind: bool) -> None:
    """While its peer is behind, and measured by us, the kernel does not end a connection for bytes that wait; else it does.

    For Linux a window that never takes the whole head of the queue is as good as none: it ended peers that read 8 KB/s into a
    small buffer after `UNACKNOWLEDGED_MS`, with bytes flowing all the time (`tcp_ack_probe` resets the clock for whole heads alone).
    """
    peer = transport.get_extra_info("socket")
    option = getattr(socket, "TCP_USER_TIMEOUT", None)
    if option is not None and peer is not None and peer.family in {socket.AF_INET, socket.AF_INET6}:
        with suppress(OSError):
            peer.setsockopt(socket.IPPROTO_TCP, option, 0 if behind else UNACKNOWLEDGED_MS)


def unread(transport: asyncio.Transport) -> int:
    """Bytes written to a connection that its peer's system has not acknowledged: ours, and where it tells, the kernel's."""
    peer = transport.get_extra_info("socket")
    ours = transport.get_write_buffer_size()
    if peer is None or (transport.is_closing() and not ours):
        return ours
    with suppress(OSError):
        # SIOCOUTQ of tcp(7), by its older name. Without it the first that is seen is room in the kernel's buffer.
        return ours + int(struct.unpack("i", fcntl.ioctl(peer.fileno(), termios.TIOCOUTQ, b"\0\0\0\0"))[0])
    return ours
