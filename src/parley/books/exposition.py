"""Counts in the text format of Prometheus. Loaded at the first scrape: the library behind it is slow to load."""

from collections.abc import Iterable, Iterator

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from parley.books.counts import Counts, Reading, Times


def render(shown: Iterable[Counts | Times | Reading]) -> bytes:
    """Return everything that is `shown`, in this order."""
    registry = CollectorRegistry()
    registry.register(_Once([_family(one) for one in shown]))
    return generate_latest(registry)


class _Once(Collector):
    def __init__(self, families: list[Metric]) -> None:
        self._families = families

    def describe(self) -> Iterable[Metric]:
        return ()

    def collect(self) -> Iterator[Metric]:
        return iter(self._families)


def _family(one: Counts | Times | Reading) -> Metric:
    match one:
        case Reading(name=name, meaning=meaning, value=value, is_counter=is_counter):
            kind = CounterMetricFamily if is_counter else GaugeMetricFamily
            return kind(name, meaning, value=value)
        case Counts():
            counter = CounterMetricFamily(one.name, one.meaning, labels=one.labels)
            for labels, count in one.values().items():
                counter.add_metric(labels, count)
            return counter
        case Times():
            times = HistogramMetricFamily(one.name, one.meaning, labels=one.labels)
            for labels, row in one.values().items():
                times.add_metric(labels, _cumulated(one.bounds, row.counts), row.sum_s)
            return times


def _cumulated(bounds: tuple[float, ...], counts: list[int]) -> list[tuple[str, float]]:
    """Return the buckets as Prometheus wants them: each with what is below its upper bound, all of it in the last."""
    buckets: list[tuple[str, float]] = []
    total = 0
    for bound, count in zip((*map(float, bounds), "+Inf"), list(counts), strict=True):
        total += count
        buckets.append((str(bound), total))
    return buckets
