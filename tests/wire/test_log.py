"""The log: one line an event, the same fields whichever way it is written."""

import io
import json
import logging
from datetime import UTC, datetime

import pytest

from parley.wire.log import Log, Visit

VISIT = Visit("req_1", "POST", '/v3/"round\ntable"/é', 200, 12)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def lines(out: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in out.getvalue().splitlines()]


def test_visit_is_written_as_any_other_event() -> None:
    quick, slow = io.StringIO(), io.StringIO()
    Log(logging.INFO, quick).visit(VISIT)
    facts = {"request_id": "req_1", "method": "POST", "path": VISIT.path, "status": 200, "duration_ms": 12}
    Log(logging.INFO, slow).info("request", **facts)
    assert quick.getvalue().rpartition(" ")[0] == slow.getvalue().rpartition(" ")[0]
    (written,) = lines(quick)
    assert written.items() >= facts.items()
    said = datetime.fromisoformat(str(written["timestamp"]))
    assert abs(datetime.now(UTC) - said).total_seconds() < 60


def test_lines_below_the_level_are_left_out() -> None:
    out = io.StringIO()
    log = Log(logging.ERROR, out)
    log.visit(VISIT)
    log.info("a")
    log.warning("b")
    log.exception("c")
    assert [line["event"] for line in lines(out)] == ["c"]


def test_exception_comes_with_its_traceback_on_the_same_line() -> None:
    out = io.StringIO()
    try:
        raise LookupError("gone")
    except LookupError:
        Log(logging.INFO, out).exception("run_failed", request_id="req_1")
    (line,) = lines(out)
    assert (line["level"], line["request_id"]) == ("error", "req_1")
    assert str(line["exception"]).startswith("Traceback")
    assert str(line["exception"]).endswith("LookupError: gone")


@pytest.mark.parametrize("write", [lambda log: log.visit(VISIT), lambda log: log.info("x", path=VISIT.path)])
def test_terminal_gets_readable_lines_without_control_characters(write: object) -> None:
    out = Terminal()
    assert callable(write)
    write(Log(logging.INFO, out))
    assert out.getvalue().count("\n") == 1
    assert "path='/v3/\"round\\ntable\"/é'" in out.getvalue()
