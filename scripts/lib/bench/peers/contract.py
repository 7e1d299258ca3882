"""The contract of a peer: a server that is started for one run, opens feeds, and is stopped."""

from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from scripts.lib.bench.feeds import Feed


class Missing(Exception):
    """A peer cannot be run here; the text says what to install."""


@dataclass(frozen=True, slots=True)
class Setup:
    """How a server is started."""

    folder: Path  # of this run alone
    workers: int
    server_cores: frozenset[int]  # empty: any
    other_cores: frozenset[int]


class Running(Protocol):
    """A server that runs."""

    @property
    def roots(self) -> list[int]:
        """The processes that serve viewers; what they have started belongs to them."""

    @property
    def store(self) -> list[int]:
        """The processes of its store, if it has one."""

    def open(self, feeds: int, *, snapshot: int = 0) -> list[Feed]:
        """Make feeds; with `snapshot`, one who joins is told about so many bytes."""

    def registers(self, feed: Feed) -> Mapping[str, Any]:
        """What its store says a viewer should have; empty where it has no such thing."""

    def commands(self) -> Mapping[str, int]:
        """How often its store has been asked what so far; empty where it has none."""


class Peer(Protocol):
    """What can be started."""

    name: str
    version: str

    def run(self, setup: Setup) -> AbstractContextManager[Running]:
        """A server, for the length of a block. Raises Missing."""
