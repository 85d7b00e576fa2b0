"""Everything that watches runs: the traces, their export, the metrics. Built once, and run beside the server."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass

from parley.books.exporting import TraceExporter, open_exporter
from parley.books.metrics import Metrics, MetricsReader, Vital
from parley.books.spans import TraceReader
from parley.books.traces import TraceBook
from parley.domain.settings import RetentionSettings, TelemetrySettings
from parley.store.database import Store


@dataclass(frozen=True, slots=True)
class Telemetry:
    """The watchers' books. `run` is to be run for as long as the server serves; `close` before the store is closed."""

    traces: TraceBook
    metrics: Metrics
    exporter: TraceExporter | None

    def watchers(self, key_id: str, parent_span_id: str | None) -> tuple[TraceReader, MetricsReader]:
        """Return the readers of one run; both are told of its end by their `finish`."""
        return self.traces.reader(key_id, parent_span_id), self.metrics.reader()

    async def run(self) -> None:
        """Write traces as they come and delete old ones, until cancelled."""
        await self.traces.run()

    async def close(self) -> None:
        """Write and send what is left."""
        await self.traces.close()
        if self.exporter is not None:
            await asyncio.to_thread(self.exporter.close)


def open_telemetry(
    store: Store, retention: RetentionSettings, settings: TelemetrySettings, models: Iterable[str]
) -> Telemetry:
    """Return the telemetry of this process; `models` may be labels of metrics.

    Raises ExportError where an export is configured and its extra is not installed.
    """
    exporter = open_exporter(settings.otlp_endpoint)
    traces = TraceBook(store, retention, exporter.export if exporter is not None else None)
    metrics = Metrics(models)
    metrics.watch(Vital.STORE_HEALTHY, lambda: store.is_healthy)
    metrics.watch(Vital.STORE_QUEUE, lambda: store.queue_depth)
    metrics.watch(Vital.TRACES_QUEUE, lambda: traces.queue_depth)
    metrics.watch(Vital.TRACES_DROPPED, lambda: traces.dropped)
    if exporter is not None:
        metrics.watch(Vital.EXPORTS_DROPPED, lambda: exporter.dropped)
    return Telemetry(traces, metrics, exporter)
