"""The worst minute: everyone opens the page, the teacher turns pages and draws, a poll is open.

Rules: pure. Rates are a second, sizes bytes. Updates of one lesson within 50 ms are one event, so a lesson's viewers never get
more than 20 events a second. A process is planned at `BUSY` of a core and a machine at `FULL` of its memory; above those,
latencies leave what the bench measured.
"""

import math
from dataclasses import dataclass

from scripts.lib.capacity.constants import Constants

EVENTS_MAX = 20.0  # a second and lesson: the flush window is 50 ms; fewer to thousands (docs/adr/0008), so this is the worst
FRAME = 85  # bytes around an event's writes: id, event, data, chunk
PACKET = 66  # Ethernet, IP and TCP around each event
BUSY = 0.7
FULL = 0.8
WORKER_COMMANDS = 8.0  # a second and process, whatever the load: census, probe, reads that wait in vain
REGISTER = 250  # bytes of Redis around a register's value: hash field, name, stamp, position
ENTRY = 200  # bytes of Redis around an entry of a feed
FEED = 1_024  # entries kept of a lesson
ASSETS = 4  # requests for a page: itself, its script, its sheet, its icon
DECK_CACHE = 64 * 1024 * 1024
STREAMS = 20_000  # MAX_STREAMS


@dataclass(frozen=True, slots=True)
class Minute:
    """What is asked of the site."""

    viewers: int
    lessons: int
    writes: float  # a lesson
    event_bytes: int  # of an event's writes
    snapshot_bytes: int
    page_bytes: int  # of a slide's picture
    assets_bytes: int  # of the page's files, compressed
    joins: int  # in the first minute
    turns: float  # pages a minute
    votes: int  # in a minute
    registers: int  # a lesson

    @property
    def crowd(self) -> int:
        """Viewers of one lesson."""
        return math.ceil(self.viewers / self.lessons)


@dataclass(frozen=True, slots=True)
class Dyno:
    """What one machine has."""

    cores: float
    memory: int
    bits: float  # a second


@dataclass(frozen=True, slots=True)
class Need:
    """What the minute takes."""

    cores: dict[str, float]  # by what it is spent on
    memory_a_process: float
    processes: int
    dynos: int
    bits: float
    commands: float
    redis_bytes: float
    sockets: int
    use: dict[str, float]  # of one dyno, 1 is all of it

    @property
    def first(self) -> str:
        """What breaks first."""
        return max(self.use, key=lambda name: self.use[name])


def cores(asked: Minute, cost: Constants) -> dict[str, float]:
    """CPU seconds a second, by what they are spent on."""
    events = min(asked.writes, EVENTS_MAX) * asked.viewers
    joins = asked.joins / 60
    pictures = asked.turns / 60 * asked.viewers
    return {
        "deliveries": events * cost.delivery_s(asked.crowd),
        "writes": asked.writes * asked.lessons * cost.write_s,
        "joins": joins * (cost.join_s + (ASSETS + 3) * cost.vote_s),
        "pictures": pictures * cost.vote_s,
        "votes": asked.votes / 60 * cost.vote_s,
        "heartbeats": asked.viewers * cost.idle_s,
    }


def need(asked: Minute, cost: Constants, dyno: Dyno) -> Need:
    """The whole of it."""
    spent = cores(asked, cost)
    streams = asked.viewers * cost.viewer_bytes
    by_cpu = math.ceil(sum(spent.values()) / BUSY)
    by_streams = math.ceil(asked.viewers / STREAMS)
    processes = max(by_cpu, by_streams, 1)
    memory = cost.base_bytes + DECK_CACHE + streams / processes + asked.snapshot_bytes * asked.lessons
    a_dyno = max(1, min(int(dyno.cores), int(FULL * dyno.memory / memory)))
    dynos = math.ceil(processes / a_dyno)
    bits = 8 * _bytes(asked)
    feed = min(FEED, asked.writes * 3_600) * (asked.event_bytes + ENTRY)
    return Need(
        cores=spent,
        memory_a_process=memory,
        processes=processes,
        dynos=dynos,
        bits=bits,
        commands=asked.writes * asked.lessons * cost.commands_a_write
        + processes * WORKER_COMMANDS
        + asked.votes / 60,
        redis_bytes=asked.lessons * (asked.registers * REGISTER + asked.snapshot_bytes + feed),
        sockets=asked.viewers + 64 * processes,
        use={
            "CPU of one process (it is one core's at most)": sum(spent.values()) / BUSY,
            "memory": (cost.base_bytes + DECK_CACHE + streams) / (FULL * dyno.memory),
            "bandwidth": bits / dyno.bits,
            "streams of one process": asked.viewers / STREAMS,
        },
    )


def _bytes(asked: Minute) -> float:
    events = min(asked.writes, EVENTS_MAX) * asked.viewers * (asked.event_bytes + FRAME + PACKET)
    joins = asked.joins / 60 * (asked.snapshot_bytes + asked.assets_bytes + 3 * asked.page_bytes)
    pictures = asked.turns / 60 * asked.viewers * asked.page_bytes
    return events + joins + pictures + asked.viewers / 15 * (50 + PACKET)
