"""The page of models: finding one and asking with it; for admins, how the providers do and what a check finds."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from console.conftest import Keyed
from console.page_errors import PageErrors
from serving import OPEN, post, serving

SETUP = (
    OPEN + '[providers.sandbox]\ndialect = "sandbox"\n'
    "[providers.openrouter]\nmax_concurrency = 4\n"
    '[providers.gone]\ndialect = "openai"\nbase_url = "http://127.0.0.1:9/v1"\n'
    '[models."house/<b>bold</b>"]\ndeployments = [{ provider = "sandbox", model = "terse" }]\n'
    '[panels.reviewers]\nmodels = ["sandbox/terse", "sandbox/thorough"]\n'
)


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """A server with a long list of models, a provider that nobody answers for, and a model that has just failed."""
    with serving(SETUP) as running:
        for model in ("sandbox/terse", "sandbox/down"):
            body = {"input": "hi", "models": [model], "resolution": "fast", "max_retries": 0}
            post(running, "/v3/roundtable", body)
        yield running


def rows(page: Page) -> Locator:
    return page.get_by_role("table").locator("tbody tr")


def status(page: Page) -> Locator:
    return page.locator(".model-filters").get_by_role("status")


def test_models_are_found_by_words_provider_and_what_they_can_and_reload_keeps_it(
    page: Page, url: str, axe: Callable[[Page], None], screenshot: Callable[[Page, str], None]
) -> None:
    page.goto(f"{url}/#/models")
    expect(rows(page)).to_have_count(100)
    page.get_by_role("button", name="Show more").click()
    expect(rows(page)).to_have_count(200)
    expect(page.get_by_text("house/<b>bold</b>", exact=True)).to_be_visible()

    page.get_by_label("Find a model").fill("claude-haiku")
    expect(rows(page)).not_to_have_count(200)
    axe(page)
    screenshot(page, "models")

    page.get_by_label("Provider", exact=True).select_option("sandbox")
    page.get_by_label("Find a model").fill("sandbox cont")
    page.get_by_text("schema", exact=True).first.click()
    expect(status(page)).to_contain_text(" of ")
    expect(rows(page).locator(".listed-name")).to_have_text(["sandbox/contrarian"])
    page.reload()
    expect(page.get_by_label("Find a model")).to_have_value("sandbox cont")
    expect(rows(page)).to_have_count(1)

    page.get_by_label("Find a model").fill("no such model")
    page.get_by_role("link", name="Show all models").click()
    expect(rows(page)).to_have_count(100)


def test_columns_sort_both_ways_and_unknown_prices_stand_last(page: Page, url: str) -> None:
    page.goto(f"{url}/#/models?find=parley")
    page.get_by_role("button", name="Input", exact=True).focus()
    page.keyboard.press("Enter")
    head, cells = page.get_by_role("columnheader", name="Input"), rows(page).locator("td:nth-child(5)")
    expect(head).to_have_attribute("aria-sort", "ascending")
    *prices, unknown = cells.all_inner_texts()
    assert len(prices) > 5
    assert (prices, unknown) == (sorted(prices, key=float), "–")
    page.keyboard.press("Enter")
    expect(head).to_have_attribute("aria-sort", "descending")
    assert cells.all_inner_texts() == [*sorted(prices, key=float, reverse=True), "–"]


def test_model_that_is_chosen_stands_in_the_ask_form(page: Page, url: str) -> None:
    page.goto(f"{url}/#/models?find=sandbox/chatty")
    button = rows(page).filter(has_text="sandbox/chatty").get_by_role("button")
    expect(button).to_contain_text("Ask with it")
    button.click()
    expect(page.locator(".asking-with")).to_contain_text("sandbox/chatty")
    page.get_by_role("link", name="Go to Ask").click()
    expect(page.locator(".chip-name").filter(has_text="sandbox/chatty")).to_be_visible()
    page.go_back()
    button.click()
    expect(page.locator(".asking-with")).not_to_contain_text("sandbox/chatty")


def test_providers_show_their_health_and_the_doctor_says_what_to_do(
    page: Page, url: str, axe: Callable[[Page], None], screenshot: Callable[[Page, str], None]
) -> None:
    page.goto(f"{url}/#/models")
    page.get_by_role("link", name="Providers 1 failing").click()
    sandbox, gone = page.get_by_role("article", name="sandbox"), page.get_by_role("article", name="gone")
    expect(sandbox).to_contain_text("sandbox/down is always down")
    expect(gone).to_contain_text("not called yet")
    expect(page.get_by_role("article", name="openrouter")).to_contain_text("OPENROUTER_API_KEY is not set")

    gone.get_by_role("button", name="Check gone").click()
    expect(gone).to_contain_text("Connection refused")
    expect(gone).to_contain_text("Start what should listen at http://127.0.0.1:9/v1")
    expect(sandbox.get_by_label("What the check of sandbox found")).to_have_count(0)
    page.get_by_role("button", name="Check all").click()
    expect(page.get_by_text("3 providers were checked; look at openrouter, gone.")).to_be_visible()
    axe(page)
    screenshot(page, "providers")
    sandbox.get_by_role("link", name="models").click()
    expect(page.get_by_label("Provider", exact=True)).to_have_value("sandbox")


def test_error_of_the_server_is_told_and_can_be_tried_again(page: Page, url: str, page_errors: PageErrors) -> None:
    page_errors.expect("status of 503")
    refusal = {"error": {"code": "store_unavailable", "message": "The store is away."}, "request_id": "r-1"}

    def refuse(route: Route) -> None:
        route.fulfill(status=503, json=refusal)

    page.route("**/v1/models", refuse)
    page.goto(f"{url}/#/models")
    expect(page.get_by_role("alert")).to_contain_text("The store is away.")
    page.unroute("**/v1/models")
    page.get_by_role("button", name="Try again").click()
    expect(rows(page)).to_have_count(100)


def test_server_without_a_model_says_what_to_do_next(page: Page, url: str) -> None:
    page.route("**/v1/models", lambda route: route.fulfill(json={"object": "list", "data": []}))
    page.goto(f"{url}/#/models")
    expect(page.get_by_text("This server lists no model.")).to_contain_text("parley doctor")


def test_ordinary_key_sees_the_models_and_no_providers(
    page: Page, console_with_keys: Keyed, sign_in: Callable[[Page, str, str], None]
) -> None:
    sign_in(page, console_with_keys.url, console_with_keys.key)
    page.goto(f"{console_with_keys.url}/#/models/providers")
    expect(page.get_by_role("heading", name="Models")).to_be_visible()
    expect(page.get_by_role("link", name="Providers")).to_have_count(0)
    expect(rows(page).first).to_be_visible()
