"""The short form of the fault runs; `make faults` runs them in full."""

from pathlib import Path

import pytest

from faults import disconnects, kill, limits, panels, rolling, trouble
from services import Service, redis_server


def test_killed_servers_lose_and_double_nothing(store_url: str, tmp_path: Path) -> None:
    found = kill.run(kill.Place(tmp_path, store_url), kills=5)
    assert found.faults == []
    assert found.answered > 0
    assert found.abandoned > 0


@pytest.mark.parametrize("window", ["rpm", "rpd"])
def test_four_processes_let_in_exactly_the_limit(redis_url: str, tmp_path: Path, window: str) -> None:
    assert limits.exact(tmp_path, redis_url, window, requests=400).faults == []


@pytest.mark.parametrize("on_failure", ["closed", "open"])
def test_restarted_limiter_lets_nobody_in_uncounted(tmp_path: Path, on_failure: str) -> None:
    with redis_server(appendonly=True) as redis:
        assert limits.restarted(tmp_path, redis, on_failure, requests=400).faults == []


def test_every_panel_says_what_the_provider_did(tmp_path: Path) -> None:
    assert panels.run(tmp_path, 500).faults == []


def test_calls_of_clients_that_leave_end_and_are_billed(tmp_path: Path) -> None:
    outcome = disconnects.run(tmp_path, 50)
    assert outcome.faults == []
    assert outcome.cancelled > 0


def test_locked_database(tmp_path: Path) -> None:
    assert trouble.locked(tmp_path).faults == []


def test_full_disk(tmp_path: Path) -> None:
    with trouble.small_disk(tmp_path) as disk:
        assert trouble.disk_full(disk).faults == []


def test_postgresql_that_is_stopped_and_started(
    postgresql_service: Service, postgresql_url: str, tmp_path: Path
) -> None:
    assert trouble.stopped(tmp_path, postgresql_service, postgresql_url).faults == []


def test_rolling_restart_fails_no_request(tmp_path: Path) -> None:
    outcome = rolling.run(tmp_path, restarts=2)
    assert outcome.faults == []
    assert outcome.answered > 0
