"""The harness itself: a page's complaints fail a test unless they were announced."""

import pytest
from playwright.sync_api import Browser, Page, expect

from console.page_errors import PageErrors


@pytest.fixture
def watched(browser: Browser, console_url: str) -> tuple[Page, PageErrors]:
    """A page that no fixture judges."""
    errors = PageErrors()
    page = browser.new_page()
    errors.watch(page)
    page.goto(console_url)
    expect(page.get_by_role("navigation")).to_be_visible()
    return page, errors


@pytest.mark.parametrize(
    ("script", "complaint"),
    [
        ("console.error('that went wrong')", "that went wrong"),
        ("setTimeout(() => { throw new Error('nobody caught me') })", "nobody caught me"),
        ("fetch('nowhere')", "status of 404"),
        ("fetch('http://127.0.0.2:9/').catch(() => 0)", "127.0.0.2"),
        ("document.body.insertAdjacentHTML('beforeend', '<p style=\"color: red\">x</p>')", "Content Security Policy"),
    ],
)
def test_a_complaint_fails_the_test_unless_it_was_announced(
    watched: tuple[Page, PageErrors], script: str, complaint: str
) -> None:
    page, errors = watched
    page.evaluate(f"() => {{ {script} }}")
    while not errors.heard:
        page.wait_for_timeout(10)

    with pytest.raises(AssertionError, match=complaint):
        errors.check()
    errors.expect(complaint)
    errors.check()


def test_an_announced_complaint_that_never_comes_fails_the_test(watched: tuple[Page, PageErrors]) -> None:
    _page, errors = watched
    errors.expect("status of 401")

    with pytest.raises(AssertionError, match="did not"):
        errors.check()
