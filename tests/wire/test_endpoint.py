"""The one panel endpoint over HTTP: who may come in, what a body may be, what every refusal looks like."""

import re
from collections.abc import Iterator

import pytest

from serving import ADMIN_KEY, OPEN, connect, get, post, send, serving

PANEL = {"input": "Is water wet?", "models": ["sandbox/terse"], "resolution": "fast"}
PATHS = ["/v3/roundtable", "/v1/chat/compare", "/v1/chat/completions", "/v3/compat/chat/completions"]
VALIDATION = {"/v3/roundtable": 400, "/v1/chat/compare": 422, "/v1/chat/completions": 422}
VALIDATION["/v3/compat/chat/completions"] = 422


@pytest.fixture(scope="module")
def keyed() -> Iterator[str]:
    with serving("[server]\nmax_body_bytes = 20000\n") as url:
        yield url


@pytest.fixture(scope="module")
def unkeyed() -> Iterator[str]:
    with serving(OPEN) as url:
        yield url


def key(value: str = ADMIN_KEY) -> dict[str, str]:
    return {"Authorization": f"Bearer {value}"}


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("headers", [{}, key("wrong"), {"Authorization": ADMIN_KEY}, {"Authorization": "Bearer "}])
def test_no_or_wrong_key_is_unauthorized_before_the_body_is_read(
    keyed: str, path: str, headers: dict[str, str]
) -> None:
    got = post(keyed, path, b"not json", headers)
    assert (got.status, got.error["code"]) == (401, "unauthorized")
    assert got.headers["www-authenticate"] == "Bearer"
    assert ADMIN_KEY not in got.body.decode()


def test_right_key_comes_in(keyed: str) -> None:
    assert post(keyed, "/v3/roundtable", PANEL, key()).status == 200
    assert get(keyed, "/v1/models", key()).status == 200


def test_listings_want_a_key_and_health_and_docs_do_not(keyed: str) -> None:
    assert get(keyed, "/v1/models").status == 401
    assert get(keyed, "/v3/models").status == 401
    for path in ("/healthz", "/readyz", "/openapi.json", "/docs"):
        assert get(keyed, path).status == 200


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b'{"nonsense": 1}', b"[" * 10_000])
def test_bad_body_has_its_familys_status_and_one_envelope(keyed: str, path: str, body: bytes) -> None:
    got = post(keyed, path, body, key())
    assert (got.status, got.error["code"]) == (VALIDATION[path], "validation_error")
    assert set(got.error) >= {"code", "message", "type", "param"}
    assert got.error["details"][0]["loc"][0] == "body"
    assert got.json["request_id"] == got.headers["x-request-id"]
    assert re.fullmatch(r"req_[0-9A-HJKMNP-TV-Z]{26}", got.json["request_id"])


@pytest.mark.parametrize("path", PATHS)
def test_body_over_the_limit_is_refused_and_at_the_limit_read(keyed: str, path: str) -> None:
    at_limit = b'{"x": "' + b"x" * (20_000 - 9) + b'"}'
    assert post(keyed, path, at_limit, key()).status == VALIDATION[path]
    got = post(keyed, path, at_limit + b" ", key())
    assert (got.status, got.error["code"]) == (413, "request_too_large")
    assert "20000" in got.error["message"]


def test_chunked_body_over_the_limit_is_refused(keyed: str) -> None:
    with connect(keyed) as line:
        line.sendall(
            b"POST /v3/roundtable HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
            b"Transfer-Encoding: chunked\r\nAuthorization: Bearer " + ADMIN_KEY.encode() + b"\r\n\r\n"
        )
        line.sendall(b"5000\r\n" + b" " * 0x5000 + b"\r\n")
        assert line.recv(100).startswith(b"HTTP/1.1 413")


@pytest.mark.parametrize(
    ("headers", "words"),
    [
        ({"Content-Type": "text/plain"}, "text/plain"),
        ({"Content-Type": "application/x-www-form-urlencoded"}, "application/json"),
        ({"Content-Encoding": "gzip"}, "gzip"),
    ],
)
def test_other_media_types_and_compressed_bodies_are_unsupported(
    keyed: str, headers: dict[str, str], words: str
) -> None:
    got = post(keyed, "/v3/roundtable", PANEL, {**key(), **headers})
    assert (got.status, got.error["code"]) == (415, "unsupported_media_type")
    assert words in got.error["message"]


def test_media_type_may_have_parameters(keyed: str) -> None:
    headers = {**key(), "Content-Type": "Application/JSON; charset=utf-8"}
    assert post(keyed, "/v3/roundtable", PANEL, headers).status == 200


def test_unknown_path_and_method_have_the_envelope_and_a_hint(keyed: str) -> None:
    missing = post(keyed, "/v3/roundtabel", PANEL, key())
    assert (missing.status, missing.error["code"]) == (404, "not_found")
    assert "/v3/roundtable" in missing.error["message"]
    wrong = get(keyed, "/v3/roundtable", key())
    assert (wrong.status, wrong.error["code"], wrong.headers["allow"]) == (405, "method_not_allowed", "POST")
    assert missing.headers["x-request-id"] == missing.json["request_id"]


@pytest.mark.parametrize("path", PATHS)
def test_unknown_model_is_404_with_the_nearest_names_also_for_streams(keyed: str, path: str) -> None:
    body = {
        "/v3/roundtable": {"input": "Q", "models": ["sandbox/terse", "sandbocks/terse"]},
        "/v1/chat/compare": {"messages": [{"role": "user", "content": "Q"}], "models": ["sandbocks/terse"]},
    }.get(path, {"messages": [{"role": "user", "content": "Q"}], "model": "sandbocks/terse"})
    for is_streamed in (False, True):
        got = post(keyed, path, {**body, "stream": is_streamed}, key())
        assert (got.status, got.error["code"]) == (404, "model_not_found")
        assert "sandbox/terse" in got.error["message"]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("model", ["sandbox/" + "x" * 300, "sandbox/../terse", "sandbox/a\nb"])
def test_fault_that_planning_finds_is_in_the_details_too(keyed: str, path: str, model: str) -> None:
    turns = [{"role": "user", "content": "Q"}]
    body = {
        "/v3/roundtable": {"input": "Q", "models": [model]},
        "/v1/chat/compare": {"messages": turns, "models": [model]},
    }.get(path, {"messages": turns, "model": model})
    got = post(keyed, path, body, key())
    assert (got.status, got.error["code"]) == (VALIDATION[path], "validation_error")
    assert got.error["details"] == [{"type": "value_error", "loc": ["body"], "msg": got.error["message"]}]


def test_request_id_is_on_every_response(keyed: str) -> None:
    ids = [
        get(keyed, "/healthz").headers["x-request-id"],
        get(keyed, "/nowhere").headers["x-request-id"],
        post(keyed, "/v3/roundtable", {**PANEL, "stream": True}, key()).headers["x-request-id"],
    ]
    assert len(set(ids)) == 3


def test_trace_of_the_caller_is_continued(keyed: str) -> None:
    parent = {"traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"}
    got = post(keyed, "/v3/roundtable", PANEL, {**key(), **parent})
    assert got.json["meta"]["trace_uuid"] == "4bf92f35-77b3-4da6-a3ce-929d0e0e4736"
    bad = {"traceparent": "00-00000000000000000000000000000000-00f067aa0ba902b7-01"}
    again = post(keyed, "/v3/roundtable", PANEL, {**key(), **bad})
    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", again.json["meta"]["trace_uuid"])
    assert not again.json["meta"]["trace_uuid"].startswith("00000000")


def test_every_seat_failing_is_502_with_each_reason(keyed: str) -> None:
    body = {"input": "Q", "models": ["sandbox/down", "sandbox/nobody"], "max_retries": 0}
    got = post(keyed, "/v3/roundtable", body, key())
    assert (got.status, got.error["code"]) == (502, "all_models_failed")
    assert [row["model"] for row in got.error["details"]] == ["sandbox/down", "sandbox/nobody"]
    assert [row["error_code"] for row in got.error["details"]] == ["upstream_error", "model_not_found"]


class TestOpenServer:
    """`auth = "open"`: no key, but no web page can spend the user's money."""

    def test_programs_of_this_machine_need_no_key(self, unkeyed: str) -> None:
        assert post(unkeyed, "/v3/roundtable", PANEL).status == 200

    @pytest.mark.parametrize("host", ["evil.example", "evil.example:8080", "127.0.0.1.evil.example", ""])
    def test_rebound_host_is_refused(self, unkeyed: str, host: str) -> None:
        got = post(unkeyed, "/v3/roundtable", PANEL, {"Host": host})
        assert (got.status, got.error["code"]) == (403, "forbidden")

    @pytest.mark.parametrize("host", ["localhost", "127.0.0.1:1234", "[::1]:80"])
    def test_loopback_hosts_are_served(self, unkeyed: str, host: str) -> None:
        assert post(unkeyed, "/v3/roundtable", PANEL, {"Host": host}).status == 200

    @pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://localhost:9999"])
    def test_foreign_origin_is_refused(self, unkeyed: str, origin: str) -> None:
        got = post(unkeyed, "/v3/roundtable", PANEL, {"Origin": origin})
        assert (got.status, got.error["code"]) == (403, "forbidden")

    def test_own_origin_is_served(self, unkeyed: str) -> None:
        assert post(unkeyed, "/v3/roundtable", PANEL, {"Origin": unkeyed}).status == 200

    def test_simple_request_of_a_page_is_refused_by_its_media_type(self, unkeyed: str) -> None:
        assert post(unkeyed, "/v3/roundtable", PANEL, {"Content-Type": "text/plain"}).status == 415


class TestCors:
    def test_off_unless_configured(self, keyed: str) -> None:
        asks = {"Origin": "https://app.example", "Access-Control-Request-Method": "POST"}
        got = send(keyed, "OPTIONS", "/v3/roundtable", None, asks)
        assert "access-control-allow-origin" not in got.headers

    def test_configured_origin_is_allowed_and_no_other(self) -> None:
        with serving('[server]\ncors_origins = ["https://app.example"]\n') as url:
            asks = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization"}
            got = send(url, "OPTIONS", "/v3/roundtable", None, {**asks, "Origin": "https://app.example"})
            assert got.headers["access-control-allow-origin"] == "https://app.example"
            other = send(url, "OPTIONS", "/v3/roundtable", None, {**asks, "Origin": "https://evil.example"})
            assert "access-control-allow-origin" not in other.headers
