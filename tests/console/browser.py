"""Chromium for the console's tests: found on the path, never downloaded, and started once for each file of tests."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, sync_playwright

_NAMES = ("chromium", "chromium-browser", "google-chrome")
_ADVICE = "install Chromium (Debian: apt-get install chromium)"
_ARGUMENTS = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync"),
)


def chromium_path() -> str:
    """Say where Chromium is; without it, skip the test, or fail it with PARLEY_REQUIRE_ALL."""
    if found := next(filter(None, map(shutil.which, _NAMES)), None):
        return found
    fault = f"none of {', '.join(_NAMES)} is on the path; {_ADVICE}"
    if os.environ.get("PARLEY_REQUIRE_ALL"):
        pytest.fail(fault)
    pytest.skip(fault)


@contextmanager
def chromium() -> Iterator[Browser]:
    """Run Chromium. While it runs, this thread counts as inside an event loop: no `asyncio.run` beside it."""
    path = chromium_path()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=_ARGUMENTS)
        try:
            yield browser
        finally:
            browser.close()
