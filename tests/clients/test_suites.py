"""Each library's own tests and checks, run as its authors run them, one test a command."""

import pytest

from clients.suites import SUITES, Suites
from clients.toolchains import need


@pytest.mark.parametrize("suite", SUITES)
def test_suite_passes(suites: Suites, suite: str) -> None:
    need(*SUITES[suite].programs)
    printed = suites.result(suite)
    if suite == "go format":
        assert printed == "", "gofmt -w these files"
