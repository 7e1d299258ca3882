"""Durations in microseconds, counted by HdrHistogram: three significant digits, from 1 us to ten minutes.

Rules: histograms of processes and of rounds can be added; they travel between processes, and into result files, in the
library's own encoding, which any HdrHistogram reads.
"""

from collections import Counter
from collections.abc import Iterable
from typing import Self

from hdrh.histogram import HdrHistogram

LONGEST_US = 600_000_000
DIGITS = 3
PERCENTILES = {"p50": 50.0, "p90": 90.0, "p99": 99.0, "p99.9": 99.9}


class Histogram:
    """How many of each duration."""

    def __init__(self, encoded: str = "") -> None:
        self._counted = HdrHistogram.decode(encoded) if encoded else HdrHistogram(1, LONGEST_US, DIGITS)

    @classmethod
    def of(cls, durations_us: Iterable[int]) -> Self:
        """The histogram of some durations. Raises ValueError for one that is negative or over ten minutes: a bug of the caller."""
        made = cls()
        for us, times in Counter(durations_us).items():
            if not 0 <= us <= LONGEST_US:
                raise ValueError(f"a duration of {us} us")
            made._counted.record_value(us, times)
        return made

    def __add__(self, other: "Histogram") -> "Histogram":
        made = Histogram(self.encoded())
        made._counted.add(other._counted)
        return made

    def __reduce__(self) -> tuple[type["Histogram"], tuple[str]]:
        return Histogram, (self.encoded(),)

    @property
    def count(self) -> int:
        """How many there are."""
        return int(self._counted.get_total_count())

    def percentile(self, percent: float) -> int:
        """The duration (us) that `percent` of all do not exceed; 0 where there are none."""
        return int(self._counted.get_value_at_percentile(percent))

    def milliseconds(self) -> dict[str, float]:
        """The percentiles that reports give, in ms."""
        found = {name: self.percentile(percent) / 1000 for name, percent in PERCENTILES.items()}
        return found | {"max": self.percentile(100.0) / 1000}

    def encoded(self) -> str:
        """The library's compressed form, as base64."""
        return str(self._counted.encode().decode())
