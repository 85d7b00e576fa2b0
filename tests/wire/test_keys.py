"""/v1/keys over HTTP: what admins can do, what ordinary keys can't, and that a key is told once."""

import asyncio
import json
import logging
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from parley.app import Fittings
from parley.config import load_config
from parley.server import local_server
from serving import ADMIN_KEY, Got, get, post, send, serving

ADMIN = {"Authorization": f"Bearer {ADMIN_KEY}"}
WAIT_S = 10.0


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with serving("") as url:
        yield url


def bearer(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


def make(url: str, name: str, **fields: Any) -> dict[str, Any]:
    got = post(url, "/v1/keys", {"name": name, **fields}, ADMIN)
    assert got.status == 201, got.body
    return got.json


def patch(url: str, key_id: str, body: Any) -> Got:
    return send(url, "PATCH", f"/v1/keys/{key_id}", body, ADMIN)


def status_with(url: str, key: str) -> int:
    return get(url, "/v1/models", bearer(key)).status


def soon(**delta: float) -> str:
    return (datetime.now(UTC) + timedelta(**delta)).isoformat()


class TestManaging:
    def test_key_is_shown_once_with_its_terms(self, url: str) -> None:
        terms = {"rpm": 5, "rpd": 50, "spend_cap_usd": "12.5", "spend_cap_month_usd": "3"}
        terms |= {"models": ["sandbox/*", "a/b"], "expires_at": "2099-01-01T00:00:00Z", "admin": False}
        made = make(url, "shown once", **terms)
        assert list(made)[:3] == ["id", "key", "name"]
        assert {name: made[name] for name in terms} == terms
        assert made["id"].startswith("key_")
        state = {"disabled": False, "last_used_at": None, "spent_usd": "0", "spent_month_usd": "0"}
        assert {name: made[name] for name in state} == state
        assert datetime.fromisoformat(made["created_at"]).tzinfo is not None
        key = made.pop("key")
        for got in (get(url, f"/v1/keys/{made['id']}", ADMIN), get(url, "/v1/keys", ADMIN)):
            assert got.status == 200
            assert key not in got.body.decode()
        assert get(url, f"/v1/keys/{made['id']}", ADMIN).json == made
        assert made in get(url, "/v1/keys", ADMIN).json["keys"]

    def test_key_without_terms_is_unlimited_and_ordinary(self, url: str) -> None:
        made = make(url, "plain")
        limits = ("rpm", "rpd", "spend_cap_usd", "spend_cap_month_usd", "models", "expires_at")
        assert {made[name] for name in limits} == {None}
        assert made["admin"] is False

    def test_patch_changes_what_it_names_alone(self, url: str) -> None:
        made = make(url, "patched", rpm=5, models=["a/b"], expires_at="2099-01-01T00:00:00+02:00")
        made.pop("key")
        assert patch(url, made["id"], {}).json == made
        changed = patch(url, made["id"], {"name": "patched again", "rpm": None, "rpd": 7, "spend_cap_usd": 0.1})
        assert changed.json == {**made, "name": "patched again", "rpm": None, "rpd": 7, "spend_cap_usd": "0.1"}
        freed = {"models": None, "expires_at": None, "spend_cap_usd": None, "admin": True, "disabled": True}
        assert patch(url, made["id"], freed).json == {**changed.json, **freed}

    def test_disabled_key_is_refused_at_once_and_can_be_enabled_again(self, url: str) -> None:
        made = make(url, "on and off")
        assert status_with(url, made["key"]) == 200
        got = send(url, "DELETE", f"/v1/keys/{made['id']}", None, ADMIN)
        assert (got.status, got.json["disabled"]) == (200, True)
        refused = get(url, "/v1/models", bearer(made["key"]))
        assert (refused.status, refused.error["code"]) == (401, "unauthorized")
        assert refused.headers["www-authenticate"] == "Bearer"
        assert patch(url, made["id"], {"disabled": False}).status == 200
        assert status_with(url, made["key"]) == 200

    def test_admin_key_made_here_manages_keys(self, url: str) -> None:
        made = make(url, "second admin", admin=True)
        assert get(url, "/v1/keys", bearer(made["key"])).status == 200
        assert patch(url, made["id"], {"admin": False}).status == 200
        assert get(url, "/v1/keys", bearer(made["key"])).status == 403

    def test_last_use_is_told(self, url: str) -> None:
        made = make(url, "used")
        status_with(url, made["key"])
        until = time.monotonic() + WAIT_S
        while (used := get(url, f"/v1/keys/{made['id']}", ADMIN).json["last_used_at"]) is None:
            assert time.monotonic() < until
            time.sleep(0.05)
        assert abs(datetime.fromisoformat(used) - datetime.now(UTC)) < timedelta(minutes=1)

    def test_spend_is_told_as_decimal_strings(self, url: str) -> None:
        made = make(url, "spender")
        body = {"input": "Tea or coffee?", "models": ["sandbox/terse", "sandbox/thorough"], "resolution": "fast"}
        answer = post(url, "/v3/roundtable", body, bearer(made["key"]))
        assert answer.status == 200
        told = get(url, f"/v1/keys/{made['id']}", ADMIN).json
        assert told["spent_usd"] == told["spent_month_usd"]
        cost = json.loads(answer.body, parse_float=Decimal)["meta"]["total_cost"]
        assert Decimal(told["spent_usd"]) == Decimal(cost) > 0

    def test_unknown_key_is_404_and_other_methods_are_405(self, url: str) -> None:
        for method, body in (("GET", None), ("PATCH", {}), ("DELETE", None)):
            got = send(url, method, "/v1/keys/key_none", body, ADMIN)
            assert (got.status, got.error["code"]) == (404, "not_found")
            assert "key_none" in got.error["message"]
        assert "parley_" not in get(url, "/v1/keys/parley_0123456789", ADMIN).error["message"]
        got = send(url, "PUT", "/v1/keys/key_none", {}, ADMIN)
        assert (got.status, got.headers["allow"]) == (405, "DELETE, GET, HEAD, PATCH")


class TestRefusals:
    @pytest.mark.parametrize(
        ("body", "param", "told"),
        [
            ({}, "name", "missing"),
            ({"name": ""}, "name", "1 to 200"),
            ({"name": " \t"}, "name", "blank"),
            ({"name": "x" * 201}, "name", "1 to 200"),
            ({"name": "a\u0000b"}, "name", "control"),
            ({"name": " a"}, "name", "blanks around"),
            ({"name": None}, "name", "text"),
            ({"name": "admin"}, "name", "PARLEY_ADMIN_KEY"),
            ({"name": "ADMIN"}, "name", "PARLEY_ADMIN_KEY"),
            ({"nane": "a"}, "nane", "Did you mean `name`"),
            ({"name": "a", "key": "parley_x"}, "key", "Unknown field"),
            ({"name": "a", "disabled": True}, "disabled", "Unknown field"),
            ({"name": "a", "rpm": 0}, "rpm", "at least 1"),
            ({"name": "a", "rpm": 1_000_000_001}, "rpm", "at most"),
            ({"name": "a", "rpm": 1.5}, "rpm", "integer"),
            ({"name": "a", "rpd": -1}, "rpd", "at least 1"),
            ({"name": "a", "rpd": "5"}, "rpd", "integer"),
            ({"name": "a", "spend_cap_usd": 0}, "spend_cap_usd", "above 0"),
            ({"name": "a", "spend_cap_usd": "-1"}, "spend_cap_usd", "above 0"),
            ({"name": "a", "spend_cap_usd": "0.0000001"}, "spend_cap_usd", "6 decimals"),
            ({"name": "a", "spend_cap_usd": "1.00000000000000000000000000000000001"}, "spend_cap_usd", "6 decimals"),
            ({"name": "a", "spend_cap_usd": "9000000.000001"}, "spend_cap_usd", "at most 9000000"),
            ({"name": "a", "spend_cap_usd": "1e999999"}, "spend_cap_usd", "at most"),
            ({"name": "a", "spend_cap_usd": "NaN"}, "spend_cap_usd", "above 0"),
            ({"name": "a", "spend_cap_month_usd": "much"}, "spend_cap_month_usd", "decimal"),
            ({"name": "a", "spend_cap_month_usd": True}, "spend_cap_month_usd", "decimal number"),
            ({"name": "a", "models": []}, "models", "1 to 200"),
            ({"name": "a", "models": ["m"] * 201}, "models", "1 to 200"),
            ({"name": "a", "models": ["a", ""]}, "models[1]", "prefix/*"),
            ({"name": "a", "models": ["*"]}, "models[0]", "prefix/*"),
            ({"name": "a", "models": ["a*"]}, "models[0]", "prefix/*"),
            ({"name": "a", "models": ["x" * 257]}, "models[0]", "256"),
            ({"name": "a", "models": "a"}, "models", "array"),
            ({"name": "a", "expires_at": "2020-01-01T00:00:00Z"}, "expires_at", "future"),
            ({"name": "a", "expires_at": "2099-01-01"}, "expires_at", "RFC 3339"),
            ({"name": "a", "expires_at": "2099-01-01T00:00:00"}, "expires_at", "RFC 3339"),
            ({"name": "a", "expires_at": "2099-02-30T00:00:00Z"}, "expires_at", "RFC 3339"),
            ({"name": "a", "expires_at": 4_000_000_000}, "expires_at", "text"),
            ({"name": "a", "expires_at": "9999-12-31T23:59:59-23:59"}, "expires_at", "RFC 3339"),
            ({"name": "a", "admin": "yes"}, "admin", "true or false"),
            ([], None, "object"),
        ],
    )
    def test_bad_field_is_named_with_what_would_be_right(
        self, body: Any, param: str | None, told: str, url: str
    ) -> None:
        before = len(get(url, "/v1/keys", ADMIN).json["keys"])
        got = post(url, "/v1/keys", body, ADMIN)
        assert (got.status, got.error["code"], got.error["param"]) == (422, "validation_error", param)
        assert told in got.error["message"]
        assert len(get(url, "/v1/keys", ADMIN).json["keys"]) == before

    @pytest.mark.parametrize(
        "fields",
        [
            {"name": "x" * 200},
            {"rpm": 1},
            {"rpd": 1_000_000_000},
            {"spend_cap_usd": "0.000001"},
            {"spend_cap_usd": 9_000_000},
            {"models": ["m/" + "x" * 254]},
            {"models": [f"m/{number}" for number in range(200)]},
            {"expires_at": "2099-01-01t00:00:00.123456789z"},
        ],
    )
    def test_values_at_their_bounds_are_taken(self, fields: dict[str, Any], url: str) -> None:
        make(url, **{"name": f"bounds {json.dumps(fields)[:150]}", **fields})

    def test_name_is_taken_once(self, url: str) -> None:
        make(url, "taken")
        other = make(url, "not taken")
        for got in (post(url, "/v1/keys", {"name": "taken"}, ADMIN), patch(url, other["id"], {"name": "taken"})):
            assert (got.status, got.error["param"]) == (422, "name")
            assert "exists already" in got.error["message"]

    def test_patch_is_held_to_the_same_rules(self, url: str) -> None:
        made = make(url, "patched badly")
        for body, param in (
            ({"key": "parley_x"}, "key"),
            ({"id": "key_x"}, "id"),
            ({"disabld": True}, "disabld"),
            ({"disabled": None}, "disabled"),
            ({"rpm": 0}, "rpm"),
            ({"expires_at": soon(seconds=-1)}, "expires_at"),
            ({"name": "Admin"}, "name"),
        ):
            got = patch(url, made["id"], body)
            assert (got.status, got.error["param"]) == (422, param)
        made.pop("key")
        assert get(url, f"/v1/keys/{made['id']}", ADMIN).json == made

    def test_body_is_held_to_the_rules_of_every_body(self, url: str) -> None:
        plain = {"Content-Type": "text/plain", **ADMIN}
        assert send(url, "POST", "/v1/keys", b"{}", plain).status == 415
        assert send(url, "POST", "/v1/keys", b"{}", {"Content-Encoding": "gzip", **ADMIN}).status == 415
        assert send(url, "POST", "/v1/keys", b"{", ADMIN).status == 422
        with serving("[server]\nmax_body_bytes = 1024\n") as small:
            got = post(small, "/v1/keys", {"name": "x" * 2000}, ADMIN)
        assert (got.status, got.error["code"]) == (413, "request_too_large")


class TestOrdinaryKeys:
    def test_ordinary_key_is_refused_and_told_nothing(self, url: str) -> None:
        other = make(url, "somebody else")
        key = make(url, "ordinary")["key"]
        for method, path, body in (
            ("POST", "/v1/keys", {"name": "mine"}),
            ("POST", "/v1/keys", {"bad": 1}),
            ("GET", "/v1/keys", None),
            ("GET", f"/v1/keys/{other['id']}", None),
            ("GET", "/v1/keys/key_none", None),
            ("PATCH", f"/v1/keys/{other['id']}", {"disabled": True}),
            ("DELETE", f"/v1/keys/{other['id']}", None),
        ):
            got = send(url, method, path, body, bearer(key))
            assert (got.status, got.error["code"]) == (403, "forbidden")
            assert "somebody" not in got.body.decode()
        assert status_with(url, other["key"]) == 200

    def test_nobody_comes_in_without_a_valid_key(self, url: str) -> None:
        key = make(url, "mistyped")["key"]
        slip = key[:-1] + ("a" if key[-1] != "a" else "b")
        for headers, told in (({}, "Bearer"), (bearer(slip), "typo"), (bearer("sk-other"), "not known")):
            got = get(url, "/v1/keys", headers)
            assert (got.status, got.error["code"]) == (401, "unauthorized")
            assert told in got.error["message"]
            assert slip not in got.body.decode()


def test_key_expires(url: str) -> None:
    made = make(url, "short-lived", expires_at=soon(seconds=0.4))
    assert status_with(url, made["key"]) == 200
    until = time.monotonic() + WAIT_S
    while (got := get(url, "/v1/models", bearer(made["key"]))).status == 200:
        assert time.monotonic() < until
        time.sleep(0.02)
    assert (got.status, got.error["code"]) == (401, "unauthorized")
    assert "expired at" in got.error["message"]


def test_everybody_is_an_admin_of_an_open_server() -> None:
    with serving() as url:
        assert post(url, "/v1/keys", {"name": "a"}, {}).status == 201
        assert len(get(url, "/v1/keys").json["keys"]) == 1


def test_last_admin_key_stays_where_the_environment_has_none(tmp_path: Path) -> None:
    store = {"PARLEY_STORE_URL": f"sqlite:///{tmp_path}/parley.db"}
    with serving("", store) as url:
        made = make(url, "only admin", admin=True)
    with serving("", {**store, "PARLEY_ADMIN_KEY": ""}) as url:
        for method, body in (("DELETE", None), ("PATCH", {"disabled": True}), ("PATCH", {"admin": False})):
            got = send(url, method, f"/v1/keys/{made['id']}", body, bearer(made["key"]))
            assert (got.status, got.error["code"]) == (422, "validation_error")
            assert "last admin key" in got.error["message"]
        assert get(url, "/v1/keys", bearer(made["key"])).status == 200


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_disabled_key_is_refused_by_every_process_within_a_second(
    kind: str, tmp_path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # beside PostgreSQL the journal lies in the working folder
    place = f"sqlite:///{tmp_path}/parley.db" if kind == "sqlite" else request.getfixturevalue("postgresql_url")
    store = {"PARLEY_STORE_URL": place}
    with serving("", store) as here, serving("", store) as there:
        made = make(here, "shared")
        key, key_id = made["key"], made["id"]

        def changes_within_a_second(status: int) -> None:
            """The other server looks twice a second; half a second more is for a busy machine."""
            until = time.monotonic() + 1.5
            while status_with(there, key) != status:
                assert time.monotonic() < until, f"still not {status}"
                time.sleep(0.02)

        changes_within_a_second(200)
        assert send(here, "DELETE", f"/v1/keys/{key_id}", None, ADMIN).status == 200
        changes_within_a_second(401)
        assert patch(here, key_id, {"disabled": False}).status == 200
        changes_within_a_second(200)


def test_keys_stand_in_no_log_and_no_file(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "parley.toml"
    file.write_text("[providers.sandbox]\ntps = 0\n")
    environment = {"PARLEY_ADMIN_KEY": ADMIN_KEY, "PARLEY_STORE_URL": f"sqlite:///{tmp_path}/parley.db"}
    with local_server(load_config(file, environment), Fittings(log_level=logging.DEBUG)) as url:
        made = make(url, "secret")
        slip = made["key"][:-1] + "!"
        get(url, "/v1/models", bearer(made["key"]))
        get(url, f"/v1/keys/{made['id']}", bearer(slip))
        post(url, "/v1/keys", {"name": made["key"], "rpm": 0}, ADMIN)
        get(url, "/nothing", bearer(made["key"]))
    out, err = capfd.readouterr()
    assert '"path"' in err + out
    files = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    for secret in (made["key"], made["key"][7:40], slip, ADMIN_KEY):
        assert secret not in out + err
        assert secret.encode() not in files


def test_many_can_make_keys_at_once(url: str) -> None:
    async def main() -> list[Got]:
        async with asyncio.TaskGroup() as group:
            names = [f"crowd {number % 10}" for number in range(20)]
            made = [group.create_task(asyncio.to_thread(post, url, "/v1/keys", {"name": n}, ADMIN)) for n in names]
        return [task.result() for task in made]

    statuses = sorted(got.status for got in asyncio.run(main()))
    assert statuses == [201] * 10 + [422] * 10
