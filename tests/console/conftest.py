"""The console in a real browser. What a test may ask for:

- `console_url`: a live server with open auth, shared by the tests of a file; `new_console(toml, env)` starts one of the
  test's own, `console_with_keys` one that asks for a key (`.url`, `.admin_key`, `.key` of an ordinary caller).
  The sandbox answers at once; name a model `sandbox/terse?tps=100` to see it write.
- `page`: a fresh tab of 1280 x 900 in the light. When the test ends, an error or warning on its console, an uncaught
  exception or a request to another origin fails it; `page_errors.expect("status of 401")` announces one that is meant.
- `sign_in(page, url, key)`; `axe(page)` asserts that axe-core finds nothing in light and dark;
  `screenshot(page, "ask")` keeps .artifacts/console/ask-{light,dark,phone}.png and asserts that none scrolls sideways.

Write with Playwright's sync API and wait with its `expect`. No `asyncio.run` in these tests: Playwright's loop runs in
the same thread, which is also why the browser ends with the file rather than with the session.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect

from console.axe import axe_source, violations
from console.browser import chromium
from console.page_errors import PageErrors
from serving import ADMIN_KEY, OPEN, post, serving

_KEPT = Path(__file__).parents[2] / ".artifacts" / "console"
_DESK = ViewportSize(width=1280, height=900)
_PHONE = ViewportSize(width=390, height=844)
_PATIENCE_MS = 30_000


@dataclass(frozen=True)
class Keyed:
    """A server that asks for a key: the administrator's, or that of an ordinary caller named "ada"."""

    url: str
    admin_key: str
    key: str


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    expect.set_options(timeout=_PATIENCE_MS)
    with chromium() as running:
        yield running


@pytest.fixture(scope="module")
def console_url() -> Iterator[str]:
    with serving(OPEN) as url:
        yield url


@pytest.fixture
def new_console() -> Iterator[Callable[..., str]]:
    """Starts servers: `new_console(toml=OPEN, env=None)` returns the URL."""
    with ExitStack() as running:

        def start(toml: str = OPEN, env: Mapping[str, str] | None = None) -> str:
            return running.enter_context(serving(toml, env))

        yield start


@pytest.fixture
def console_with_keys(new_console: Callable[..., str]) -> Keyed:
    url = new_console("")
    made = post(url, "/v1/keys", {"name": "ada"}, {"Authorization": f"Bearer {ADMIN_KEY}"})
    assert made.status == 201, made.body
    return Keyed(url, ADMIN_KEY, made.json["key"])


@pytest.fixture
def page_errors() -> PageErrors:
    return PageErrors()


@pytest.fixture
def page(browser: Browser, page_errors: PageErrors) -> Iterator[Page]:
    context = browser.new_context(viewport=_DESK, color_scheme="light", reduced_motion="reduce")
    context.set_default_timeout(_PATIENCE_MS)
    opened = context.new_page()
    page_errors.watch(opened)
    yield opened
    context.close()
    page_errors.check()


@pytest.fixture
def sign_in() -> Callable[[Page, str, str], None]:
    def enter(page: Page, url: str, key: str) -> None:
        page.goto(url)
        page.get_by_label("API key").fill(key)
        page.get_by_role("button", name="Sign in").click()
        expect(page.get_by_role("navigation", name="Pages")).to_be_visible()

    return enter


@pytest.fixture(scope="session")
def axe() -> Callable[[Page], None]:
    source = axe_source()

    def check(page: Page) -> None:
        found = violations(page, source)
        assert not found, "axe-core objects:\n" + "\n".join(found)

    return check


@pytest.fixture
def screenshot() -> Callable[[Page, str], None]:
    def keep(page: Page, name: str) -> None:
        _KEPT.mkdir(parents=True, exist_ok=True)
        for look, size in {"dark": _DESK, "phone": _PHONE, "light": _DESK}.items():
            page.emulate_media(color_scheme="dark" if look == "dark" else "light")
            page.set_viewport_size(size)
            page.evaluate("scrollTo(0, 0)")  # else the bar, which stays in view, stands in the middle of the picture
            page.screenshot(path=_KEPT / f"{name}-{look}.png", full_page=True)
            wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            assert wide <= 0, f"{name} on a {look} scrolls {wide} px sideways"

    return keep
