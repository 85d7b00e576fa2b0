"""Export over OTLP: to a real local HTTP server, whose requests are decoded with OpenTelemetry's own messages."""

import asyncio
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span as WireSpan
from opentelemetry.proto.trace.v1.trace_pb2 import Status

from engine import Bench, failing, panel
from parley.books.exporting import ExportError, open_exporter
from parley.books.otlp import OtlpExporter
from parley.books.spans import Span, Trace
from parley.providers.scripted import says
from traced import traced

TRACE_ID = "4bf92f35-77b3-4da6-a3ce-929d0e0e4736"


class Collector(ThreadingHTTPServer):
    """Keeps what it is sent; answers with `status`. `gate` holds answers back until it is set."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.status = 200
        self.paths: list[str] = []
        self.bodies: list[bytes] = []
        self.came = threading.Semaphore(0)
        self.gate = threading.Event()
        self.gate.set()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def spans(self) -> list[WireSpan]:
        asked = [ExportTraceServiceRequest.FromString(body) for body in self.bodies]
        return [
            span for one in asked for part in one.resource_spans for scope in part.scope_spans for span in scope.spans
        ]


class _Handler(BaseHTTPRequestHandler):
    server: Collector

    def do_POST(self) -> None:
        self.server.paths.append(self.path)
        self.server.bodies.append(self.rfile.read(int(self.headers["content-length"])))
        self.server.came.release()
        self.server.gate.wait(5)
        self.send_response(self.server.status)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_arguments: object) -> None:
        """Say nothing."""


@contextmanager
def collecting() -> Iterator[Collector]:
    collector = Collector()
    thread = threading.Thread(target=collector.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield collector
    finally:
        collector.gate.set()
        collector.shutdown()
        thread.join()
        collector.server_close()


def trace(number: int = 1) -> Trace:
    root = Span(f"{number:016x}", None, "chat", "server", "ok", 1.5, 2.0, {"parley.cost_usd": "0.25"})
    return Trace(f"req_{number}", TRACE_ID, "key_a", "chat", "ok", (root,))


def values(span: WireSpan) -> dict[str, object]:
    """Return the attributes as plain values."""

    def plain(value: object) -> object:
        kind = value.WhichOneof("value")  # type: ignore[attr-defined]
        found = getattr(value, kind)
        return [plain(item) for item in found.values] if kind == "array_value" else found

    return {pair.key: plain(pair.value) for pair in span.attributes}


def run_of_two() -> Trace:
    bench = Bench({"a": (says("Paris"), says("Both.")), "b": ((failing(),),), "c": (says("Rome"),)})
    found = traced(bench, panel("a", "b", "c", max_retries=0), parent_span_id="00f067aa0ba902b7")
    return Trace(found.request_id, TRACE_ID, found.key_id, found.name, found.status, found.spans)


def test_collector_receives_the_same_spans() -> None:
    sent = run_of_two()
    with collecting() as collector:
        exporter = OtlpExporter(collector.url, gather_s=0)
        exporter.export(sent)
        exporter.close()
        got = collector.spans()
    assert collector.paths == ["/v1/traces"]
    assert [span.trace_id.hex() for span in got] == [TRACE_ID.replace("-", "")] * len(sent.spans)
    assert [(span.span_id.hex(), span.parent_span_id.hex(), span.name) for span in got] == [
        (span.span_id, span.parent_id, span.name) for span in sent.spans
    ]
    assert got[0].parent_span_id.hex() == "00f067aa0ba902b7"
    assert [span.start_time_unix_nano for span in got] == [round(span.start_time * 1e9) for span in sent.spans]
    assert {span.name: span.kind for span in got if span.name in {"roundtable summary", "chat a"}} == {
        "roundtable summary": WireSpan.SPAN_KIND_SERVER,
        "chat a": WireSpan.SPAN_KIND_CLIENT,
    }
    failed = next(span for span in got if span.name == "chat b")
    assert (failed.status.code, failed.status.message) == (Status.STATUS_CODE_ERROR, "upstream_error")
    assert got[0].status.code == Status.STATUS_CODE_UNSET
    seat = values(got[1])
    assert (seat["gen_ai.operation.name"], seat["gen_ai.usage.input_tokens"]) == ("chat", 10)
    assert seat["gen_ai.response.finish_reasons"] == ["stop"]
    assert seat["parley.cost_usd"] == pytest.approx(0.00002)
    assert exporter.dropped == 0


def test_resource_names_the_service() -> None:
    with collecting() as collector:
        exporter = OtlpExporter(collector.url + "/v1/traces/", gather_s=0)
        exporter.export(trace())
        exporter.close()
        (body,) = collector.bodies
        (part,) = ExportTraceServiceRequest.FromString(body).resource_spans
    assert collector.paths == ["/v1/traces"]
    assert {pair.key: pair.value.string_value for pair in part.resource.attributes}["service.name"] == "parley"


def test_traces_that_come_together_go_out_together() -> None:
    with collecting() as collector:
        collector.gate.clear()
        exporter = OtlpExporter(collector.url, gather_s=0)
        exporter.export(trace(1))
        assert collector.came.acquire(timeout=5)
        for number in range(2, 152):
            exporter.export(trace(number))
        collector.gate.set()
        exporter.close()
        assert [len(ExportTraceServiceRequest.FromString(body).resource_spans) for body in collector.bodies] == [1] * 3
        assert len(collector.spans()) == 151


@pytest.mark.parametrize("status", [400, 500])
def test_failing_collector_is_counted_and_the_next_trace_is_tried(status: int) -> None:
    with collecting() as collector:
        collector.status = status
        exporter = OtlpExporter(collector.url, gather_s=0)
        exporter.export(trace(1))
        wait_for(lambda: exporter.dropped == 1)
        collector.status = 200
        exporter.export(trace(2))
        exporter.close()
        assert [span.span_id.hex() for span in collector.spans()][-1] == f"{2:016x}"
    assert exporter.dropped == 1


def test_full_waiting_room_drops_and_never_waits() -> None:
    with collecting() as collector:
        collector.gate.clear()
        exporter = OtlpExporter(collector.url, gather_s=0)
        exporter.export(trace(0))
        assert collector.came.acquire(timeout=5)
        for number in range(1, 2_004):
            exporter.export(trace(number))
        assert exporter.dropped == 3
        threading.Timer(0.05, collector.gate.set).start()
        exporter.close()
        assert (exporter.dropped, len(collector.spans())) == (4, 2_000)


def test_collector_that_fails_at_the_end_is_not_tried_again() -> None:
    with collecting() as collector:
        collector.status = 503
        exporter = OtlpExporter(collector.url, gather_s=0, stall_s=0.1)
        exporter.export(trace(1))
        assert collector.came.acquire(timeout=5)
        exporter.close()
        wait_for(lambda: exporter.dropped == 1)
        assert len(collector.bodies) == 1


def test_collector_that_hangs_at_the_end_is_left() -> None:
    with collecting() as collector:
        collector.gate.clear()
        exporter = OtlpExporter(collector.url, gather_s=0, stall_s=0.01)
        exporter.export(trace(1))
        assert collector.came.acquire(timeout=5)
        exporter.close()
        assert not collector.gate.is_set()
        assert len(collector.bodies) == 1


def test_exporter_is_loaded_only_for_an_endpoint() -> None:
    assert open_exporter("") is None
    with collecting() as collector:
        exporter = open_exporter(collector.url)
        assert isinstance(exporter, OtlpExporter)
        exporter.close()


def test_missing_extra_names_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "parley.books.otlp")
    monkeypatch.setitem(sys.modules, "opentelemetry.sdk.resources", None)
    with pytest.raises(ExportError, match=r"pip install 'parley\[otlp\]'"):
        open_exporter("http://127.0.0.1:4318")


def wait_for(is_done: Callable[[], bool]) -> None:
    async def wait() -> None:
        async with asyncio.timeout(5):
            while not is_done():
                await asyncio.sleep(0.005)

    asyncio.run(wait())
