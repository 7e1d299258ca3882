"""Histograms of our own are, to whoever reads them, the library's."""

from prometheus_client import CollectorRegistry, Histogram, generate_latest

from app import metrics

BOUNDS = (0.005, 0.5, 1, 5)


def test_seconds_read_as_the_librarys_histogram_does() -> None:
    """Buckets with their bounds, those at a bound and beyond the last, the number and the sum."""
    ours, theirs = metrics.Seconds("lectern_try_seconds", "A try", BOUNDS), CollectorRegistry()
    histogram = Histogram("lectern_try_seconds", "A try", registry=theirs, buckets=BOUNDS)
    metrics.REGISTRY.unregister(ours)
    for seconds in (0.0, 0.001, 0.005, 0.0051, 0.7, 1.0, 5.5, 900.0):
        ours.observe(seconds)
        histogram.observe(seconds)
    read = CollectorRegistry()
    read.register(ours)
    assert generate_latest(read) == generate_latest(theirs)
