"""The page of keys: what an admin makes of them, and what an ordinary key sees of itself."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from console.conftest import Keyed
from console.page_errors import PageErrors
from serving import get, post, send

SignIn = Callable[[Page, str, str], None]


@pytest.fixture
def admin(page: Page, console_with_keys: Keyed, sign_in: SignIn) -> Keyed:
    """A server with one ordinary key, "ada", its administrator signed in and at the page of keys."""
    sign_in(page, console_with_keys.url, console_with_keys.admin_key)
    page.get_by_role("link", name="Keys", exact=True).click()
    expect(row(page, "ada")).to_be_visible()
    return console_with_keys


def row(page: Page, name: str) -> Locator:
    return page.get_by_role("row").filter(has=page.get_by_role("button", name=f"able {name}"))


def keys_of(server: Keyed) -> dict[str, Any]:
    listed = get(server.url, "/v1/keys", {"Authorization": f"Bearer {server.admin_key}"}).json["keys"]
    return {key["name"]: key for key in listed}


def make(server: Keyed, **terms: Any) -> dict[str, Any]:
    made = post(server.url, "/v1/keys", terms, {"Authorization": f"Bearer {server.admin_key}"})
    assert made.status == 201, made.body
    return dict(made.json)


def test_new_key_is_shown_once_works_and_is_stored_nowhere(
    page: Page, admin: Keyed, axe: Callable[[Page], None]
) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_role("link", name="Create a key").click()
    page.get_by_label("Name", exact=True).fill("nightly batch")
    page.get_by_label("Requests a minute").fill("60")
    page.get_by_label("Spend a month, USD").fill("12.5")
    page.get_by_text("Only these").click()
    page.get_by_role("button", name="sandbox/*").click()
    axe(page)
    page.get_by_role("button", name="Create the key").click()

    shown = page.get_by_label("The new key")
    secret = shown.input_value()
    assert get(admin.url, "/v1/me", {"Authorization": f"Bearer {secret}"}).json["models"] == ["sandbox/*"]
    for _ in range(3):
        page.keyboard.press("Escape")
    expect(page.get_by_text("is lost when this closes")).to_be_visible()
    axe(page)
    page.get_by_role("button", name="Copy", exact=True).click()
    expect(page.get_by_text("Copied.")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == secret
    page.get_by_role("button", name="Done").click()

    expect(shown).to_be_hidden()
    expect(row(page, "nightly batch")).to_contain_text("$0 of $12.50 this month")
    stored = page.evaluate("JSON.stringify([sessionStorage, localStorage, document.documentElement.outerHTML])")
    assert secret not in stored
    page.reload()
    expect(row(page, "nightly batch")).to_contain_text("60 a minute")
    assert keys_of(admin)["nightly batch"]["spend_cap_month_usd"] == "12.5"


def test_uncopied_key_survives_a_step_back(page: Page, admin: Keyed) -> None:
    page.get_by_role("link", name="Create a key").click()
    page.get_by_label("Name", exact=True).fill("once")
    page.get_by_role("button", name="Create the key").click()
    secret = page.get_by_label("The new key").input_value()

    page.evaluate("location.hash = '#/ask'")
    expect(page.get_by_label("Question")).to_be_visible()
    page.go_back()

    expect(page.get_by_label("The new key")).to_have_value(secret)
    page.get_by_role("button", name="Close", exact=True).click()
    page.get_by_role("button", name="Close without copying").click()
    expect(page.get_by_label("The new key")).to_be_hidden()


def test_new_key_is_copied_over_plain_http_too(page: Page, admin: Keyed) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.evaluate("navigator.clipboard.writeText = undefined")
    page.get_by_role("link", name="Create a key").click()
    page.get_by_label("Name", exact=True).fill("plain")
    page.get_by_role("button", name="Create the key").click()

    page.get_by_role("button", name="Copy", exact=True).click()

    expect(page.get_by_text("Copied.")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == page.get_by_label("The new key").input_value()


def test_wrong_fields_are_named_and_the_servers_refusal_is_shown(
    page: Page, admin: Keyed, page_errors: PageErrors
) -> None:
    page.get_by_role("link", name="Create a key").click()
    page.get_by_label("Requests a day").fill("1.5")
    page.get_by_label("Spend in all, USD").fill("0.0000001")
    page.get_by_text("Only these").click()
    page.get_by_role("button", name="Create the key").click()

    dialog = page.get_by_role("dialog")
    expect(page.get_by_label("Name", exact=True)).to_be_focused()
    for sentence in ("A key needs a name", "A whole number from 1", "at most 6 decimals", "Add at least one model"):
        expect(dialog.get_by_text(sentence)).to_be_visible()
    page.get_by_label("Name", exact=True).fill("ada")
    page.get_by_label("Requests a day").fill("1000")
    page.get_by_label("Spend in all, USD").fill("")
    page.get_by_label("Allow a model").fill("sand*box")
    page.keyboard.press("Enter")
    expect(dialog.get_by_text("a star stands last")).to_be_visible()
    page.get_by_text("Every model").click()
    page_errors.expect("status of 422")
    page.get_by_role("button", name="Create the key").click()
    expect(dialog.get_by_role("alert")).to_contain_text("a key of this name exists already")
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Discard").click()
    expect(dialog).to_be_hidden()


def test_limits_change_and_go_in_a_dialog_that_survives_reload(page: Page, admin: Keyed) -> None:
    key_id = make(admin, name="carol", rpm=5, spend_cap_usd="1", models=["sandbox/terse"])["id"]
    page.goto(f"{admin.url}#/keys/{key_id}")
    page.reload()
    expect(page.get_by_label("Requests a minute")).to_have_value("5")
    page.get_by_label("Requests a minute").fill("")
    page.get_by_label("Spend in all, USD").fill("2.25")
    page.get_by_role("button", name="Save").click()

    expect(row(page, "carol")).to_contain_text("of $2.25 in all")
    carol = keys_of(admin)["carol"]
    assert (carol["rpm"], carol["spend_cap_usd"], carol["models"]) == (None, "2.25", ["sandbox/terse"])


def test_key_is_disabled_and_enabled_after_a_question(page: Page, admin: Keyed) -> None:
    page.get_by_role("button", name="Disable ada").click()
    page.get_by_role("button", name="Cancel").click()
    assert not keys_of(admin)["ada"]["disabled"]

    page.get_by_role("button", name="Disable ada").click()
    page.get_by_role("dialog").get_by_role("button", name="Disable").click()
    expect(row(page, "ada")).to_contain_text("disabled")
    assert get(admin.url, "/v1/me", {"Authorization": f"Bearer {admin.key}"}).status == 401

    page.get_by_role("button", name="Enable ada").click()
    page.get_by_role("dialog").get_by_role("button", name="Enable").click()
    expect(row(page, "ada")).not_to_contain_text("disabled")
    assert get(admin.url, "/v1/me", {"Authorization": f"Bearer {admin.key}"}).status == 200


def test_many_keys_are_found_in_a_list_that_keeps_its_filters(
    page: Page, admin: Keyed, axe: Callable[[Page], None], screenshot: Callable[[Page, str], None]
) -> None:
    hostile = "<img src=x onerror=alert(1)>"
    make(admin, name=hostile, rpm=60, rpd=2000, spend_cap_usd="25", models=["sandbox/terse", "sandbox/judge"])
    spender = make(admin, name="spender")
    body = {"model": "sandbox/terse", "messages": [{"role": "user", "content": "How much is 6 times 7?"}]}
    post(admin.url, "/v1/chat/completions", body, {"Authorization": f"Bearer {spender['key']}"})
    cap = {"spend_cap_month_usd": "0.000001", "disabled": True}
    send(admin.url, "PATCH", f"/v1/keys/{spender['id']}", cap, {"Authorization": f"Bearer {admin.admin_key}"})
    page.reload()

    expect(page.get_by_role("rowheader", name=hostile)).to_be_visible()
    expect(row(page, "spender")).to_contain_text("used up")
    axe(page)
    screenshot(page, "keys")
    page.get_by_role("button", name="Key", exact=True).click()
    expect(page.get_by_role("columnheader", name="Key")).to_have_attribute("aria-sort", "ascending")
    page.get_by_label("Find a key").fill("SPEND")
    page.get_by_text("disabled", exact=True).first.click()
    page.reload()
    expect(page.get_by_label("Find a key")).to_have_value("SPEND")
    expect(page.get_by_text("1 of 3 keys")).to_be_visible()
    assert re.search(r"sort=name.*name=SPEND.*state=disabled", page.url)


def test_ordinary_key_sees_itself_and_not_the_page(
    page: Page, console_with_keys: Keyed, sign_in: SignIn, axe: Callable[[Page], None]
) -> None:
    made = make(console_with_keys, name="bob", rpm=60, spend_cap_month_usd="5", models=["sandbox/*"])
    sign_in(page, console_with_keys.url, made["key"])
    expect(page.get_by_role("link", name="Keys", exact=True)).to_be_hidden()
    page.goto(f"{console_with_keys.url}#/keys")

    expect(page.get_by_text("This page is for admin keys, and “bob” is an ordinary one.")).to_be_visible()
    expect(page.get_by_role("region", name="This key")).to_contain_text("$0 of $5.00 this month")
    page.goto(f"{console_with_keys.url}#/ask")
    page.get_by_role("button", name="bob").click()
    panel = page.get_by_role("dialog", name="This key")
    expect(panel).to_contain_text("0 of 60 requests a minute")
    expect(panel).to_contain_text("sandbox/*")
    axe(page)
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="bob")).to_be_focused()


def test_open_server_and_one_without_keys_say_what_to_do(
    page: Page, console_url: str, new_console: Callable[..., str], sign_in: SignIn
) -> None:
    page.goto(f"{console_url}#/keys")
    expect(page.get_by_text("This server asks nobody for a key.")).to_be_visible()
    expect(page.get_by_text("There is no key yet.")).to_be_visible()

    url = new_console("")
    sign_in(page, url, "test-key-of-at-least-thirty-two-characters")
    page.goto(f"{url}#/keys")
    expect(page.get_by_text("It stands in the server's environment and not in this list.")).to_be_visible()


def test_failing_server_is_quoted_and_asked_again(page: Page, admin: Keyed, page_errors: PageErrors) -> None:
    envelope = '{"error": {"message": "The store is away.", "code": "store_unavailable"}, "request_id": "req_1"}'

    def fail(route: Route) -> None:
        route.fulfill(status=503, body=envelope, content_type="application/json")

    page_errors.expect("status of 503")
    page.route("**/v1/keys", fail)
    page.reload()
    expect(page.get_by_role("alert")).to_contain_text("The store is away.")
    page.unroute("**/v1/keys")
    page.get_by_role("button", name="Try again").click()
    expect(row(page, "ada")).to_be_visible()
