"""The console's frame in a browser: it opens, keeps its policy, and is accessible."""

from collections.abc import Callable
from urllib.parse import urlsplit

from playwright.sync_api import Page, expect

from console.ask_page import AskPage
from serving import get


def test_console_opens_without_a_complaint_and_is_accessible(
    page: Page, console_url: str, axe: Callable[[Page], None], screenshot: Callable[[Page, str], None]
) -> None:
    page.goto(console_url)

    expect(page).to_have_title("Ask · Parley")
    expect(page.get_by_role("navigation", name="Pages").get_by_role("link", name="Ask")).to_have_attribute(
        "aria-current", "page"
    )
    axe(page)
    screenshot(page, "ask-empty")


def test_policy_forbids_inline_script_and_foreign_origins(console_url: str) -> None:
    policy = get(console_url, "/").headers["content-security-policy"]

    assert "default-src 'none'" in policy
    assert "script-src 'self';" in policy
    assert "unsafe" not in policy
    for closed in ("base-uri", "form-action", "frame-ancestors"):
        assert f"{closed} 'none'" in policy


def test_console_works_below_a_path_of_a_proxy(page: Page, console_url: str) -> None:
    page.route(
        f"{console_url}/**",
        lambda route: (
            route.fulfill(response=route.fetch(url=route.request.url.replace("/parley/", "/", 1)))
            if urlsplit(route.request.url).path.startswith("/parley/")
            else route.abort()
        ),
    )

    page.goto(f"{console_url}/parley/")
    ask = AskPage(page)
    ask.prompt.fill("What is 6 times 7?")
    ask.ask()

    expect(ask.totals).to_be_visible()
    for name in ("Runs", "Usage", "Keys", "Templates", "Models"):
        page.get_by_role("link", name=name, exact=True).click()
        expect(page.get_by_role("heading", name=name, level=1)).to_be_visible()
        expect(page.get_by_role("alert")).to_have_count(0)
    # What is still being fetched for the page would end in the next test.
    page.goto("about:blank")
    page.unroute_all(behavior="wait")


def test_times_are_never_sixty_of_their_unit(page: Page, console_url: str) -> None:
    page.goto(console_url)
    times = [0.4, 999.4, 999.6, 9994, 9996, 59_940, 59_990, 60_400, 119_600]

    told = page.evaluate(
        """async (times) => {
            const { duration } = await import("./console/format.js");
            return times.map(duration);
        }""",
        times,
    )

    assert told == [
        *("0 ms", "999 ms", "1.00 s", "9.99 s", "10.0 s", "59.9 s"),
        *("1 min 0 s", "1 min 0 s", "2 min 0 s"),
    ]
