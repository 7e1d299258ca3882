"""A feed to be watched and written to: the bytes of both requests, ready to be sent.

Rules: the gallery and the publisher know nothing of a server but this; whoever made the feed knows the server.
"""

from dataclasses import dataclass

Address = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Feed:
    """One lesson, or one channel of a peer."""

    at: Address  # where it is watched
    stream: bytes  # the request for its stream, without the empty line at the end
    joined: bytes  # what the first event ends with
    to: Address  # where it is written to
    post: bytes  # the request for a write, up to the content's length
    bare: bool  # whether a write's body is the event's data itself


def head(method: str, path: str, at: Address, **headers: str) -> bytes:
    """A request's lines."""
    lines = [f"{method} {path} HTTP/1.1", f"Host: {at[0]}:{at[1]}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "".join(f"{line}\r\n" for line in lines).encode()
