"""The console's frame in a browser: it opens, keeps its policy, and is accessible."""

from collections.abc import Callable

from playwright.sync_api import Page, expect

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
