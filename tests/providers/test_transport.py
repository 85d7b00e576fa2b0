"""The transport against a real server on loopback: streams, timers, bounds, faults, and what must never leak."""

import asyncio
import gc
import gzip
import ssl
from collections.abc import Awaitable, Callable, Mapping
from contextlib import aclosing, suppress
from dataclasses import replace
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path
from typing import Any, TypeVar

import pytest

from parley.domain.errors import FailureCode, UpstreamFailure
from parley.domain.models import Dialect
from parley.domain.settings import ProviderSettings
from parley.providers.connection import Connection
from parley.providers.failures import read_retry_after_s
from parley.providers.outlet import Outlet, OutletError
from parley.providers.provider import CallLimits
from parley.providers.transport import ErrorDetail, Transport, drain
from wire_server import CUT, HANG, Pause, Reply, Step, WireServer, body_reply, head, json_reply, sse_reply

KEY = "sk-secret-0123456789"
LIMITS = CallLimits()
TLS = Path(__file__).parent.parent / "tls"

T = TypeVar("T")
Use = Callable[[Transport, WireServer], Awaitable[T]]


def read_error(status: int, body: bytes, headers: Mapping[str, str]) -> ErrorDetail:
    """A dialect whose whole error body is the message."""
    return ErrorDetail(message=body.decode())


async def use_server(use: Use[T], server: WireServer, **settings: Any) -> T:
    async with server:
        made = ProviderSettings("acme", Dialect.OPENAI, server.url + "/v1", KEY, is_local=True)
        transport = Transport(replace(made, **settings), (("authorization", f"Bearer {KEY}"),), read_error)
        try:
            async with asyncio.timeout(10):  # the timers under test are shorter
                return await use(transport, server)
        finally:
            await transport.close()


def serve(use: Use[T], *replies: Reply, **settings: Any) -> T:
    """Run `use` with a transport to a server that plays `replies`."""
    return asyncio.run(use_server(use, WireServer(*replies), **settings))


def fetching(limits: CallLimits = LIMITS, body: bytes = b"{}") -> Use[bytes]:
    async def use(transport: Transport, server: WireServer) -> bytes:
        return await transport.fetch("/chat", body, limits)

    return use


def streaming(limits: CallLimits = LIMITS) -> Use[list[list[bytes]]]:
    async def use(transport: Transport, server: WireServer) -> list[list[bytes]]:
        return [events async for events in transport.events("/chat", b"{}", limits)]

    return use


def failure_of(use: Use[Any], *replies: Reply, **settings: Any) -> UpstreamFailure:
    with pytest.raises(UpstreamFailure) as caught:
        serve(use, *replies, **settings)
    return caught.value


def facts(failure: UpstreamFailure) -> tuple[FailureCode, bool, bool]:
    return failure.failure.code, failure.is_transient, failure.trips_breaker


def refusal(status: int, *headers: tuple[str, str], body: object = None) -> UpstreamFailure:
    return failure_of(fetching(), json_reply({"error": "no"} if body is None else body, status, headers))


# --- what goes out, what comes back ---


def test_post_carries_key_body_and_own_headers_and_asks_for_no_compression() -> None:
    async def use(transport: Transport, server: WireServer) -> None:
        assert await transport.fetch("/chat", b'{"a": 1}', LIMITS) == b'"yes"'
        request = server.requests[0]
        assert (request.method, request.path, request.json) == ("POST", "/v1/chat", {"a": 1})
        assert request.headers["authorization"] == f"Bearer {KEY}"
        assert request.headers["content-type"] == "application/json"
        assert request.headers["accept-encoding"] == "identity"
        assert request.headers["x-team"] == "blue"
        assert request.headers["user-agent"] == "ours"

    serve(use, json_reply("yes"), headers=(("X-Team", "blue"), ("User-Agent", "ours")))


def test_path_goes_out_as_it_was_encoded() -> None:
    async def use(transport: Transport, server: WireServer) -> str:
        await transport.fetch("/models/a%2Fb%20c:ask?alt=sse", b"{}", LIMITS)
        return server.requests[0].path

    assert serve(use, json_reply(1)) == "/v1/models/a%2Fb%20c:ask?alt=sse"


def test_body_of_several_megabytes_arrives_whole() -> None:
    async def use(transport: Transport, server: WireServer) -> bytes:
        await transport.fetch("/chat", b"x" * 3_000_001, LIMITS)
        return server.requests[0].body

    assert serve(use, json_reply(1)) == b"x" * 3_000_001


def test_get_asks_without_a_body() -> None:
    async def use(transport: Transport, server: WireServer) -> tuple[bytes, str]:
        return await transport.get("/models", 5), server.requests[0].method

    assert serve(use, json_reply([])) == (b"[]", "GET")


def test_silent_get_is_a_timeout() -> None:
    async def use(transport: Transport, server: WireServer) -> None:
        await transport.get("/models", 0.03)

    assert facts(failure_of(use, Reply((HANG,)))) == (FailureCode.TIMEOUT, True, True)


def test_compressed_answer_is_read_all_the_same() -> None:
    headers = [("Content-Type", "application/json"), ("Content-Encoding", "gzip")]
    assert serve(fetching(), body_reply(gzip.compress(b'"hi"'), 200, headers)) == b'"hi"'


def test_connection_is_used_again_after_plain_streamed_and_refused_calls() -> None:
    async def use(transport: Transport, server: WireServer) -> int:
        await transport.fetch("/chat", b"{}", LIMITS)
        assert await streaming()(transport, server) == [[b"1"]]
        with pytest.raises(UpstreamFailure):
            await transport.fetch("/chat", b"{}", LIMITS)
        await transport.fetch("/chat", b"{}", LIMITS)
        return server.connections

    assert serve(use, json_reply(1), sse_reply(b"data: 1\n\n"), json_reply({}, 500), json_reply(1)) == 1


def test_draining_after_the_last_event_keeps_the_connection() -> None:
    async def use(transport: Transport, server: WireServer) -> int:
        async with aclosing(transport.events("/chat", b"{}", LIMITS)) as events:
            assert await anext(events) == [b"end"]
            await drain(events)
        await transport.fetch("/chat", b"{}", LIMITS)
        return server.connections

    assert serve(use, sse_reply(b"data: end\n\n", Pause(0.005)), json_reply(1)) == 1


def test_draining_a_stream_that_never_ends_gives_up_and_closes_it() -> None:
    async def use(transport: Transport, server: WireServer) -> None:
        async with aclosing(transport.events("/chat", b"{}", LIMITS)) as events:
            await anext(events)
            await drain(events)
        await asyncio.wait_for(server.gone.wait(), 2)

    serve(use, sse_reply(b"data: end\n\n", HANG))


# --- streams ---


def test_events_come_with_the_read_that_completes_them() -> None:
    go_on = asyncio.Event()

    async def use(transport: Transport, server: WireServer) -> None:
        async with aclosing(transport.events("/chat", b"{}", LIMITS)) as events:
            assert await anext(events) == [b"1", b"2"]
            go_on.set()
            assert await anext(events) == [b"3"]
            assert [rest async for rest in events] == []

    serve(use, sse_reply(b"data: 1\n\ndata: 2\n\nda", go_on, b"ta: 3\n\n"))


def test_last_event_counts_without_its_blank_line() -> None:
    assert serve(streaming(), sse_reply(b"data: 1\n\n", Pause(0.005), b"data: 2"))[-1] == [b"2"]


def test_json_body_instead_of_a_stream_is_one_event() -> None:
    assert serve(streaming(), json_reply({"a": 1})) == [[b'{"a": 1}']]


def test_stream_without_content_type_is_read_as_events() -> None:
    reply = Reply((head(200, [("Connection", "close")]), b"data: 1\n\n"), closes=True)
    assert serve(streaming(), reply) == [[b"1"]]


@pytest.mark.parametrize("use", [fetching(), streaming()])
def test_page_of_html_is_an_upstream_error(use: Use[Any]) -> None:
    failure = failure_of(use, body_reply(b"<html>", 200, [("Content-Type", "text/html; charset=utf-8")]))
    assert facts(failure) == (FailureCode.UPSTREAM_ERROR, True, False)
    assert "base_url" in failure.failure.message


@pytest.mark.parametrize("use", [fetching(), streaming()])
def test_redirect_is_refused_and_not_followed(use: Use[Any]) -> None:
    async def see(transport: Transport, server: WireServer) -> None:
        with pytest.raises(UpstreamFailure) as caught:
            await use(transport, server)
        assert facts(caught.value) == (FailureCode.UPSTREAM_ERROR, False, False)
        assert "base_url" in caught.value.failure.message
        assert len(server.requests) == 1

    serve(see, json_reply({}, 307, [("Location", "/v1/elsewhere")]), json_reply(1))


def test_stream_that_breaks_off_is_transient_and_keeps_what_came() -> None:
    seen = []

    async def use(transport: Transport, server: WireServer) -> None:
        async for events in transport.events("/chat", b"{}", LIMITS):
            seen.extend(events)

    failure = failure_of(use, sse_reply(b"data: 1\n\ndata: 2", Pause(0.005), CUT))
    assert facts(failure) == (FailureCode.UPSTREAM_ERROR, True, True)
    assert seen == [b"1"]


def test_plain_body_that_breaks_off_is_transient() -> None:
    reply = Reply((head(200, [("Content-Length", "100")]), b"half", CUT))
    assert facts(failure_of(fetching(), reply)) == (FailureCode.UPSTREAM_ERROR, True, True)


# --- timers ---


def quick(first_token_s: float = 5, stall_s: float = 5) -> CallLimits:
    return CallLimits(first_token_s=first_token_s, stall_s=stall_s)


def test_no_answer_within_the_first_token_time_is_a_timeout() -> None:
    failure = failure_of(streaming(quick(first_token_s=0.03)), Reply((HANG,)))
    assert facts(failure) == (FailureCode.TIMEOUT, True, True)
    assert "0.03 s" in failure.failure.message


def test_headers_alone_do_not_stop_the_first_token_timer() -> None:
    failure = failure_of(streaming(quick(first_token_s=0.03)), sse_reply(HANG))
    assert facts(failure) == (FailureCode.TIMEOUT, True, True)


def test_error_body_that_never_comes_is_a_timeout_of_a_stream() -> None:
    reply = Reply((head(500, [("Content-Length", "9")]), HANG))
    assert facts(failure_of(streaming(quick(first_token_s=0.03)), reply)) == (FailureCode.TIMEOUT, True, True)


def test_silence_after_the_first_event_is_a_stall_however_long_the_first_may_take() -> None:
    seen: list[bytes] = []

    async def use(transport: Transport, server: WireServer) -> None:
        async for events in transport.events("/chat", b"{}", quick(first_token_s=60, stall_s=0.03)):
            seen.extend(events)

    failure = failure_of(use, sse_reply(b"data: 1\n\n", HANG))
    assert facts(failure) == (FailureCode.TIMEOUT, True, True)
    assert seen == [b"1"]


def test_stall_closes_the_connection() -> None:
    async def use(transport: Transport, server: WireServer) -> None:
        with pytest.raises(UpstreamFailure):
            await streaming(quick(stall_s=0.02))(transport, server)
        await asyncio.wait_for(server.gone.wait(), 2)

    serve(use, sse_reply(b"data: 1\n\n", HANG))


def test_any_byte_stills_the_stall_timer() -> None:
    pings: list[Step] = [step for _ in range(6) for step in (b": ping\n", Pause(0.02))]
    assert serve(streaming(quick(first_token_s=5, stall_s=0.08)), sse_reply(*pings, b"\ndata: 1\n\n")) == [[b"1"]]


def test_slow_reader_is_not_a_stall() -> None:
    async def use(transport: Transport, server: WireServer) -> list[bytes]:
        seen = []
        async for events in transport.events("/chat", b"{}", quick(stall_s=0.03)):
            seen.extend(events)
            await asyncio.sleep(0.05)
        return seen

    assert serve(use, sse_reply(b"data: 1\n\n", Pause(0.01), b"data: 2\n\n")) == [b"1", b"2"]


# --- going away ---


@pytest.mark.parametrize("tls", [False, True], ids=["tcp", "tls"])
def test_closing_the_iterator_closes_the_connection(tls: bool) -> None:
    async def use(transport: Transport, server: WireServer) -> None:
        events = transport.events("/chat", b"{}", LIMITS)
        assert await anext(events) == [b"1"]
        await events.aclose()
        await asyncio.wait_for(server.gone.wait(), 2)

    server = WireServer(sse_reply(b"data: 1\n\n", HANG), tls=server_tls() if tls else None)
    asyncio.run(use_server(use, server, ca_file=str(TLS / "authority.pem")))


@pytest.mark.parametrize("use", [fetching(), streaming()])
@pytest.mark.parametrize("reply", [Reply((HANG,)), sse_reply(b"data: 1\n\n", HANG)], ids=["waiting", "reading"])
def test_cancelling_a_call_closes_the_connection(use: Use[Any], reply: Reply) -> None:
    async def cancel(transport: Transport, server: WireServer) -> None:
        task = asyncio.ensure_future(use(transport, server))
        await asyncio.wait_for(server.asked.wait(), 2)
        await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await asyncio.wait_for(server.gone.wait(), 2)

    serve(cancel, reply)


@pytest.mark.parametrize(
    "reply",
    [
        sse_reply(b"data: 1\n\n", Pause(0.001), CUT),
        Reply((CUT,)),
        Reply((b"SSH-2.0-OpenSSH\r\n\r\n",)),
        json_reply({"error": "no"}, 500),
        sse_reply(b"data: 1\n\n", HANG),
        sse_reply(*[b"data" * 65_536] * 8, HANG),
    ],
    ids=["cut", "reset", "no http", "refused", "silent", "too large"],
)
@pytest.mark.parametrize("tls", [False, True], ids=["tcp", "tls"])
def test_call_that_failed_leaves_nothing_for_the_garbage_collector(reply: Reply, tls: bool) -> None:
    async def fail(transport: Transport, server: WireServer) -> int:
        gc.collect()
        gc.disable()
        before = count_held()
        try:
            for _ in range(3):
                with suppress(UpstreamFailure):
                    async for _ in transport.events("/chat", b"{}", quick_and_small):
                        pass
            await transport.close()
            await asyncio.sleep(0.01)
            return count_held() - before
        finally:
            gc.enable()

    def count_held() -> int:
        return sum(type(one) in {Connection, UpstreamFailure} for one in gc.get_objects())

    quick_and_small = CallLimits(stall_s=0.02, max_answer_bytes=1)
    server = WireServer(reply, tls=server_tls() if tls else None)
    assert asyncio.run(use_server(fail, server, ca_file=str(TLS / "authority.pem"))) == 0


# --- bounds ---


def test_plain_body_beyond_its_bound_is_too_large_and_cut_off() -> None:
    limits = CallLimits(max_answer_bytes=1)

    async def use(transport: Transport, server: WireServer) -> None:
        with pytest.raises(UpstreamFailure) as caught:
            await transport.fetch("/chat", b"{}", limits)
        assert facts(caught.value) == (FailureCode.ANSWER_TOO_LARGE, False, False)
        await asyncio.wait_for(server.gone.wait(), 2)

    serve(use, sse_reply(*[b" " * 262_144] * 8, HANG, content_type="application/json"))


@pytest.mark.parametrize("kind", ["text/event-stream", "application/json"])
def test_endless_line_of_a_stream_is_too_large_and_cut_off(kind: str) -> None:
    async def use(transport: Transport, server: WireServer) -> None:
        with pytest.raises(UpstreamFailure) as caught:
            await streaming(CallLimits(max_answer_bytes=1))(transport, server)
        assert facts(caught.value) == (FailureCode.ANSWER_TOO_LARGE, False, False)
        await asyncio.wait_for(server.gone.wait(), 2)

    serve(use, sse_reply(*[b"data" * 65_536] * 8, HANG, content_type=kind))


def test_endless_error_body_is_read_in_part_only() -> None:
    reply = Reply((head(500, [("Content-Length", "99999999")]), b"x" * 200_000, HANG))
    assert failure_of(fetching(), reply).status == 500


def test_error_body_that_can_not_be_unpacked_still_has_its_status() -> None:
    headers = [("Content-Type", "application/json"), ("Content-Encoding", "br")]
    failure = failure_of(fetching(), body_reply(b"\x0b\x02\x80text\x03", 429, headers))
    assert (failure.failure.code, failure.status) == (FailureCode.RATE_LIMITED, 429)


def test_calls_beyond_max_concurrency_wait_for_their_place() -> None:
    go_on = asyncio.Event()

    async def use(transport: Transport, server: WireServer) -> None:
        first = transport.events("/chat", b"{}", LIMITS)
        assert await anext(first) == [b"1"]
        async with asyncio.TaskGroup() as group:
            second = group.create_task(transport.fetch("/chat", b"{}", LIMITS))
            await asyncio.sleep(0.02)
            assert len(server.requests) == 1
            await first.aclose()
        assert second.result() == b"2"

    serve(use, sse_reply(b"data: 1\n\n", go_on), json_reply(2), max_concurrency=1)


def test_failed_and_cancelled_calls_give_their_place_back() -> None:
    async def use(transport: Transport, server: WireServer) -> bytes:
        with pytest.raises(UpstreamFailure):
            await transport.fetch("/chat", b"{}", LIMITS)
        with pytest.raises(UpstreamFailure):
            await streaming(quick(stall_s=0.02))(transport, server)
        return await transport.fetch("/chat", b"{}", LIMITS)

    replies = [json_reply({}, 500), sse_reply(b"data: 1\n\n", HANG), json_reply(3)]
    assert serve(use, *replies, max_concurrency=1) == b"3"


# --- faults by status and header ---


@pytest.mark.parametrize(
    ("status", "code", "is_transient", "trips_breaker"),
    [
        (400, FailureCode.INVALID_REQUEST, False, False),
        (401, FailureCode.AUTHENTICATION, False, False),
        (402, FailureCode.QUOTA_EXCEEDED, False, False),
        (403, FailureCode.AUTHENTICATION, False, False),
        (404, FailureCode.MODEL_NOT_FOUND, False, False),
        (408, FailureCode.TIMEOUT, True, False),
        (409, FailureCode.UPSTREAM_ERROR, True, False),
        (413, FailureCode.CONTEXT_LENGTH_EXCEEDED, False, False),
        (418, FailureCode.UPSTREAM_ERROR, False, False),
        (422, FailureCode.INVALID_REQUEST, False, False),
        (429, FailureCode.RATE_LIMITED, True, False),
        (500, FailureCode.UPSTREAM_ERROR, True, True),
        (502, FailureCode.UPSTREAM_ERROR, True, True),
        (503, FailureCode.UPSTREAM_ERROR, True, True),
        (504, FailureCode.UPSTREAM_ERROR, True, True),
        (529, FailureCode.UPSTREAM_ERROR, True, True),
    ],
)
def test_status_decides_code_repetition_and_breaker(
    status: int, code: FailureCode, is_transient: bool, trips_breaker: bool
) -> None:
    failure = refusal(status)
    assert facts(failure) == (code, is_transient, trips_breaker)
    assert failure.status == status


def test_provider_can_say_itself_whether_to_try_again() -> None:
    assert refusal(400, ("x-should-retry", "true")).is_transient
    assert not refusal(503, ("x-should-retry", "false")).is_transient


@pytest.mark.parametrize(
    ("headers", "wait_s"),
    [
        ((("Retry-After", "7"),), 7),
        ((("Retry-After", "0.25"),), 0.25),
        ((("retry-after-ms", "1500"), ("Retry-After", "2")), 1.5),
        ((("retry-after-ms", "soon"), ("Retry-After", "2")), 2),
        ((("Retry-After", "soon"),), None),
        ((("Retry-After", "-3"),), None),
        ((("Retry-After", "nan"),), None),
        ((("Retry-After", "inf"),), None),
        ((), None),
    ],
)
def test_wait_is_read_from_retry_after(headers: tuple[tuple[str, str], ...], wait_s: float | None) -> None:
    assert refusal(429, *headers).failure.retry_after_s == wait_s


@pytest.mark.parametrize(("now_s", "wait_s"), [(1_800_000_000, 60), (1_800_000_059, 1), (1_900_000_000, 0)])
def test_wait_is_read_from_a_date(now_s: float, wait_s: float) -> None:
    date = format_datetime(datetime.fromtimestamp(1_800_000_060, UTC), usegmt=True)
    assert read_retry_after_s({"retry-after": date}, now_s) == wait_s


def test_connection_refused_is_unavailable() -> None:
    async def use(transport: Transport, server: WireServer) -> None:
        await server.__aexit__(None, None, None)
        await transport.fetch("/chat", b"{}", LIMITS)

    failure = failure_of(use, json_reply(1))
    assert facts(failure) == (FailureCode.UNAVAILABLE, True, True)
    assert "127.0.0.1" not in failure.failure.message


def test_connection_closed_without_an_answer_is_unavailable() -> None:
    assert facts(failure_of(fetching(), Reply((), closes=True))) == (FailureCode.UNAVAILABLE, True, True)
    assert facts(failure_of(streaming(), Reply((CUT,)))) == (FailureCode.UNAVAILABLE, True, True)


def test_answer_that_is_no_http_is_an_upstream_error() -> None:
    assert facts(failure_of(fetching(), Reply((b"SSH-2.0-OpenSSH\r\n\r\n",)))) == (
        FailureCode.UPSTREAM_ERROR,
        True,
        True,
    )


def test_connection_that_is_not_made_in_time_is_unavailable() -> None:
    async def run() -> None:
        async with WireServer(json_reply(1)) as server:  # it never answers a TLS greeting
            url = server.url.replace("http://", "https://")
            transport = Transport(ProviderSettings("acme", Dialect.OPENAI, url, is_local=True), (), read_error)
            with pytest.raises(UpstreamFailure) as caught:
                await transport.fetch("/chat", b"{}", CallLimits(connect_s=0.03))
            await transport.close()
        assert facts(caught.value) == (FailureCode.UNAVAILABLE, True, True)

    asyncio.run(run())


def test_first_token_time_holds_for_the_connection_too_where_it_is_shorter() -> None:
    async def run() -> None:
        async with WireServer(json_reply(1)) as server:  # it never answers a TLS greeting
            url = server.url.replace("http://", "https://")
            transport = Transport(ProviderSettings("acme", Dialect.OPENAI, url, is_local=True), (), read_error)
            with pytest.raises(UpstreamFailure) as caught:
                await streaming(CallLimits(connect_s=5, first_token_s=0.03))(transport, server)
            await transport.close()
        assert facts(caught.value) == (FailureCode.TIMEOUT, True, True)

    asyncio.run(run())


# --- secrets ---


def test_our_key_is_taken_out_of_what_a_provider_repeats() -> None:
    failure = refusal(400, body={"error": {"message": f"bad key {KEY}!", KEY: [KEY]}})
    assert KEY not in repr(failure.failure)
    assert failure.failure.provider_error == {"error": {"message": "bad key [redacted]!", "[redacted]": ["[redacted]"]}}


def test_secret_headers_of_the_operator_are_taken_out_too() -> None:
    reply = json_reply({"error": "team-password-1"}, 400)
    failure = failure_of(fetching(), reply, headers=(("x-pass", "team-password-1"),))
    assert failure.failure.provider_error == {"error": "[redacted]"}


def test_refused_key_is_not_quoted_even_in_part() -> None:
    failure = refusal(401, body={"error": {"message": "Incorrect API key: sk-sec***89"}})
    assert "sk-sec" not in repr(failure.failure)


def test_large_or_deep_error_body_is_kept_in_short() -> None:
    for body in (b'{"error": "' + b"x" * 5000 + b'"}', b"[" * 70 + b"]" * 70, b"[" * 1500 + b"]" * 1500):
        reply = body_reply(body, 500, [("Content-Type", "application/json")])
        kept = failure_of(fetching(), reply).failure.provider_error
        assert kept == {"error": {"code": None, "message": body.decode()[:500]}}


def test_error_body_up_to_the_bound_is_kept_as_it_is() -> None:
    body = {"error": "x" * (4096 - len('{"error": ""}'))}
    assert refusal(500, body=body).failure.provider_error == body


def test_error_body_that_is_no_json_is_not_kept() -> None:
    reply = body_reply(b"<html>Bad gateway</html>", 502, [("Content-Type", "text/html")])
    assert failure_of(fetching(), reply).failure.provider_error is None


def test_request_id_of_the_provider_stands_in_the_message() -> None:
    assert "req_abc" in refusal(500, ("x-request-id", "req_abc")).failure.message


@pytest.mark.parametrize("key", ["two\nlines", "bell\x07"])
def test_key_that_is_no_header_value_stops_start_up(key: str) -> None:
    with pytest.raises(ValueError, match="acme") as caught:
        Transport(ProviderSettings("acme", Dialect.OPENAI, "http://x"), (("authorization", key),), read_error)
    assert key not in str(caught.value)


# --- certificates and proxies ---


def server_tls() -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(TLS / "server.pem")
    return context


def test_certificate_of_an_added_authority_is_trusted() -> None:
    server = WireServer(json_reply("hi"), tls=server_tls())
    assert asyncio.run(use_server(fetching(), server, ca_file=str(TLS / "authority.pem"))) == b'"hi"'


def test_certificate_of_an_unknown_authority_is_refused_for_good() -> None:
    with pytest.raises(UpstreamFailure) as caught:
        asyncio.run(use_server(fetching(), WireServer(json_reply("hi"), tls=server_tls())))
    assert facts(caught.value) == (FailureCode.UNAVAILABLE, False, True)
    assert "ca_file" in caught.value.failure.message


def proxied(transport_settings: ProviderSettings, proxy: WireServer) -> Awaitable[list[str]]:
    async def run() -> list[str]:
        transport = Transport(transport_settings, (), read_error)
        try:
            await transport.fetch("/chat", b"{}", LIMITS)
        finally:
            await transport.close()
        return [request.path for request in proxy.requests]

    return run()


def test_configured_proxy_is_asked_with_its_credentials() -> None:
    async def run() -> None:
        async with WireServer(json_reply(1)) as proxy:
            address = proxy.url.replace("http://", "http://user:pass-word-1@")
            settings = ProviderSettings("acme", Dialect.OPENAI, "http://far.invalid/v1", proxy=address)
            assert await proxied(settings, proxy) == ["http://far.invalid/v1/chat"]
            assert proxy.requests[0].headers["proxy-authorization"].startswith("Basic ")

    asyncio.run(run())


def test_proxy_of_the_environment_is_used_but_not_for_local_servers(monkeypatch: pytest.MonkeyPatch) -> None:
    async def run() -> None:
        async with WireServer(json_reply(1)) as proxy, WireServer(json_reply(2)) as local:
            monkeypatch.setenv("http_proxy", proxy.url)
            monkeypatch.setenv("no_proxy", "near.invalid")
            settings = ProviderSettings("acme", Dialect.OPENAI, "http://far.invalid/v1")
            assert await proxied(settings, proxy) == ["http://far.invalid/v1/chat"]
            at_home = ProviderSettings("acme", Dialect.OPENAI, local.url + "/v1", is_local=True)
            assert await proxied(at_home, local) == ["/v1/chat"]
            excepted = ProviderSettings("acme", Dialect.OPENAI, "http://near.invalid/v1")
            with pytest.raises(UpstreamFailure):
                await proxied(excepted, proxy)

    asyncio.run(run())


def test_proxy_that_is_not_http_stops_start_up() -> None:
    settings = ProviderSettings("acme", Dialect.OPENAI, "http://x", proxy="socks5://127.0.0.1:1")
    with pytest.raises(OutletError, match="proxy of provider acme is socks5://…; it must be http:// or https://"):
        Transport(settings, (), read_error)


@pytest.mark.parametrize(
    ("proxy", "told"),
    [
        ("socks5://user:hunter2@127.0.0.1:1", "is socks5://…"),
        ("http://user:hunter2@127.0.0.1:99999", "is no address"),
        ("http://user:hunter2@127.0.0.1:port", "is no address"),
        ("http://", "names no host"),
    ],
)
def test_bad_proxy_of_the_environment_is_named_without_its_password(
    proxy: str, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.setenv("http_proxy", proxy)
    with pytest.raises(OutletError, match=f"HTTP_PROXY {told}") as caught:
        Outlet(ProviderSettings("acme", Dialect.OPENAI, "http://far.invalid/v1"), ())
    assert "hunter2" not in str(caught.value)
    Outlet(ProviderSettings("near", Dialect.OPENAI, "http://127.0.0.1:1/v1", is_local=True), ())


def test_proxy_of_the_environment_without_a_scheme_is_http(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.setenv("http_proxy", "proxy.invalid:3128")
    outlet = Outlet(ProviderSettings("acme", Dialect.OPENAI, "http://far.invalid/v1"), ())
    assert outlet.proxy is not None
    assert (outlet.proxy.scheme, outlet.proxy.authority) == ("http", "proxy.invalid:3128")


def test_file_that_holds_no_certificates_stops_start_up(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("no certificate")
    settings = ProviderSettings("acme", Dialect.OPENAI, "https://x", ca_file=str(tmp_path / "ca.pem"))
    with pytest.raises(OutletError, match=r"ca_file of provider acme is .*ca\.pem.*PEM"):
        Outlet(settings, ())
