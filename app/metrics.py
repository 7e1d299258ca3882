"""Metrics: one registry a process; what an operator would look at or be woken by.

Rules: metrics are made here and nowhere else; a gauge that can be counted on demand is counted on demand,
so that it cannot drift.
"""

import asyncio
from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import accumulate

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics
from prometheus_client.core import HistogramMetricFamily
from prometheus_client.platform_collector import PlatformCollector
from prometheus_client.process_collector import ProcessCollector
from prometheus_client.registry import Collector
from prometheus_client.utils import floatToGoString

disable_created_metrics()  # type: ignore[no-untyped-call]  # a second series for each, and nobody asks for it
REGISTRY = CollectorRegistry()
ProcessCollector(registry=REGISTRY)
PlatformCollector(registry=REGISTRY)


class Seconds(Collector):
    """A histogram that is added to for each flush of each lesson, by the event loop alone.

    The library's own takes locks and searches its buckets in Python, which costs several times the rest.
    """

    def __init__(self, name: str, documentation: str, bounds: Sequence[float]) -> None:
        self._name, self._documentation = name, documentation
        self._bounds = (*bounds, float("inf"))
        self._counts = [0] * len(self._bounds)
        self._sum = 0.0
        REGISTRY.register(self)

    def observe(self, seconds: float) -> None:
        """Count one that took so long."""
        self._counts[bisect_left(self._bounds, seconds)] += 1
        self._sum += seconds

    def collect(self) -> Iterator[HistogramMetricFamily]:
        """For the registry: each bucket holds those below it too."""
        below = zip(map(floatToGoString, self._bounds), accumulate(self._counts), strict=True)
        yield HistogramMetricFamily(self._name, self._documentation, list(below), self._sum)


STREAMS = Gauge("lectern_streams", "Open streams", ["audience"], registry=REGISTRY)
LESSONS = Gauge("lectern_lessons", "Lessons loaded in this process", registry=REGISTRY)
JOINS = Counter("lectern_joins", "Streams opened", ["kind"], registry=REGISTRY)  # new, resumed, reset
WRITES = Counter("lectern_writes", "Registers set by teachers", ["applied"], registry=REGISTRY)
VOTES = Counter("lectern_votes", "Votes", ["result"], registry=REGISTRY)
WRITE_SECONDS = Histogram(
    "lectern_write_seconds",
    "From a request that has been checked to the store's answer that its writes are kept",
    registry=REGISTRY,
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5),
)
DELIVERY_SECONDS = Seconds(
    "lectern_delivery_seconds",
    "From the moment a write was accepted, here or elsewhere, to the last viewer of this process being written to",
    (0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.25, 0.5, 1, 2.5, 5),
)
STORE_ERRORS = Counter(
    "lectern_store_errors",
    "Commands that the store did not answer, requests' and background work's",
    registry=REGISTRY,
)
DECKS = Counter(
    "lectern_decks", "Decks that were sent here", ["outcome"], registry=REGISTRY
)  # ready, failed, refused
GAPS = Counter("lectern_feed_gaps", "Lessons loaded again because an entry was missing", registry=REGISTRY)
SLOW_ABORTED = Counter(
    "lectern_slow_aborted", "Streams dropped because their peer did not read", registry=REGISTRY
)
CATCH_UPS = Counter("lectern_catch_ups", "Slow streams brought up to date by one event", registry=REGISTRY)
REFUSED_STREAMS = Counter("lectern_refused_streams", "Streams sent away at the limit", registry=REGISTRY)
RESETS = Counter("lectern_epoch_resets", "Lessons that started again in a new epoch", registry=REGISTRY)
FLUSH_SECONDS = Seconds(
    "lectern_flush_seconds",
    "From a flush's start to its last write",
    (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1),
)
DEAF_READERS = Counter(
    "lectern_deaf_readers", "Readers replaced because they heard nothing", registry=REGISTRY
)
TASKS = Gauge("lectern_tasks", "Tasks of the event loop; one that grows is a leak", registry=REGISTRY)
READER_AGE = Gauge("lectern_reader_age_seconds", "Since the reader last heard its probe", registry=REGISTRY)


def count_on_demand(
    streams: Callable[[str], int], lessons: Callable[[], int], age: Callable[[], float]
) -> None:
    """Say how the gauges are counted, once the parts exist."""
    for audience in ("viewer", "teacher"):
        STREAMS.labels(audience).set_function(partial(streams, audience))
    LESSONS.set_function(lessons)
    READER_AGE.set_function(age)
    TASKS.set_function(lambda: len(asyncio.all_tasks()))
