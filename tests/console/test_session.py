"""Who is signed in, and what is left of them: the tab's drafts, questions and answers belong to one key."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from console.ask_page import AskPage
from console.conftest import Keyed
from console.page_errors import PageErrors
from serving import get, send

SignIn = Callable[[Page, str, str], None]
SECRET = "What does only ada know?"


def disable(server: Keyed, *, disabled: bool) -> None:
    admin = {"Authorization": f"Bearer {server.admin_key}"}
    [ada] = get(server.url, "/v1/keys", admin).json["keys"]
    changed = send(server.url, "PATCH", f"/v1/keys/{ada['id']}", {"disabled": disabled}, admin)
    assert changed.status == 200, changed.body


def stored(page: Page) -> str:
    found: str = page.evaluate("JSON.stringify(sessionStorage)")
    return found


def sign_out(page: Page) -> None:
    with page.expect_navigation():
        page.get_by_role("button", name="Sign out").click()


def test_signing_out_leaves_nothing_of_the_key_behind(page: Page, console_with_keys: Keyed, sign_in: SignIn) -> None:
    sign_in(page, console_with_keys.url, console_with_keys.key)
    page.get_by_role("link", name="Compare").click()
    page.get_by_label("Text of turn 1").fill(SECRET)
    page.get_by_role("link", name="Templates").click()
    page.get_by_role("link", name="New template").click()
    page.get_by_label("System prompt").fill(SECRET)
    page.get_by_role("link", name="Ask", exact=True).click()
    ask = AskPage(page)
    ask.prompt.fill(SECRET)
    ask.ask()
    expect(ask.totals).to_be_visible()
    for name in ("key", "ask", "asked", "compare", "templates"):
        assert f"parley.{name}" in stored(page)

    sign_out(page)

    expect(page.get_by_label("API key")).to_be_visible()
    assert SECRET not in stored(page)
    assert console_with_keys.key not in stored(page)
    assert "#" not in page.url
    page.get_by_label("API key").fill(console_with_keys.admin_key)
    page.keyboard.press("Enter")
    expect(page.get_by_role("banner")).to_contain_text("admin")
    expect(ask.prompt).to_have_value("")
    expect(page.get_by_role("article")).to_have_count(0)


def test_key_that_ends_in_the_middle_keeps_its_drafts_for_itself_alone(
    page: Page, console_with_keys: Keyed, sign_in: SignIn, page_errors: PageErrors
) -> None:
    page_errors.expect("status of 401")
    sign_in(page, console_with_keys.url, console_with_keys.key)
    prompt = AskPage(page).prompt
    for taken_in in (console_with_keys.key, console_with_keys.admin_key):
        prompt.fill(SECRET)
        disable(console_with_keys, disabled=True)
        page.get_by_role("link", name="Runs").click()
        expect(page.get_by_label("API key")).to_be_visible()
        disable(console_with_keys, disabled=False)
        page.get_by_label("API key").fill(taken_in)
        page.keyboard.press("Enter")
        expect(page.get_by_role("banner")).to_contain_text("ada" if taken_in == console_with_keys.key else "admin")
        page.get_by_role("link", name="Ask", exact=True).click()
        expect(prompt).to_have_value(SECRET if taken_in == console_with_keys.key else "")

    assert SECRET not in stored(page)


def test_key_with_a_letter_that_no_key_has_is_not_blamed_on_the_server(page: Page, console_with_keys: Keyed) -> None:
    page.goto(console_with_keys.url)
    page.get_by_label("API key").fill(f"{console_with_keys.key}\u200b")
    page.get_by_role("button", name="Sign in").click()

    expect(page.get_by_role("alert")).to_contain_text("An API key has no blanks")


def test_start_that_fails_can_be_tried_again(page: Page, console_url: str, page_errors: PageErrors) -> None:
    page_errors.expect("status of 503")
    fault = json.dumps({"error": {"code": "overloaded", "message": "The server is busy."}})
    page.route("**/v1/me", lambda route: route.fulfill(status=503, content_type="application/json", body=fault))
    page.goto(console_url)
    expect(page.get_by_role("alert")).to_contain_text("The server is busy.")
    page.unroute("**/v1/me")

    page.get_by_role("button", name="Try again").click()

    expect(AskPage(page).prompt).to_be_visible()


def test_open_console_asks_for_a_key_when_its_server_begins_to(
    page: Page, console_url: str, page_errors: PageErrors
) -> None:
    page_errors.expect("status of 401")
    page.goto(console_url)
    expect(AskPage(page).prompt).to_be_visible()
    fault = json.dumps({"error": {"code": "unauthorized", "message": "A key is needed."}})

    def refuse(route: Route) -> None:
        route.fulfill(status=401, content_type="application/json", body=fault)

    page.route("**/v1/**", refuse)
    page.get_by_role("link", name="Templates").click()

    expect(page.get_by_label("API key")).to_be_visible()


def test_draft_that_no_page_can_draw_leaves_the_others_and_can_be_taken_away(
    page: Page, console_with_keys: Keyed, sign_in: SignIn, axe: Callable[[Page], None]
) -> None:
    sign_in(page, console_with_keys.url, console_with_keys.key)
    page.evaluate("""sessionStorage.setItem("parley.ask", '{"seats": 5}')""")
    page.reload()
    expect(page.get_by_role("alert")).to_contain_text("This page can't be drawn")
    axe(page)
    page.get_by_role("link", name="Runs").click()
    expect(page.get_by_role("heading", name="Runs")).to_be_visible()
    page.get_by_role("link", name="Ask", exact=True).click()

    with page.expect_navigation():
        page.get_by_role("button", name="Empty this tab").click()

    expect(AskPage(page).seats).to_have_count(3)
    expect(page.get_by_role("banner")).to_contain_text("ada")


@pytest.mark.parametrize("place", ["#/runs/%", "#/%E0%A4%A", "#/templates/%zz?use=%"])
def test_place_that_is_cut_off_breaks_no_page(
    page: Page, console_url: str, page_errors: PageErrors, place: str
) -> None:
    if place == "#/runs/%":
        page_errors.expect("status of 404")
    page.goto(f"{console_url}/{place}")

    expect(page.get_by_role("navigation", name="Pages")).to_be_visible()
    expect(page.get_by_role("main")).not_to_be_empty()


def test_stream_that_the_network_breaks_is_told_in_words(page: Page, console_url: str) -> None:
    page.goto(console_url)

    said: Any = page.evaluate(
        """async () => {
            const { readEvents } = await import("./console/sse.js");
            const body = new ReadableStream({ pull: (queue) => queue.error(new TypeError("network error")) });
            try {
                for await (const event of readEvents(body)) return event;
            } catch (error) {
                return error.message;
            }
        }"""
    )

    assert said == "The connection broke before the answer was complete."


def test_double_click_asks_once_and_a_double_stop_does_not_ask_again(page: Page, console_url: str) -> None:
    ask = AskPage(page)
    ask.open(console_url, ("sandbox/chatty?tps=20",))
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if request.method == "POST" else None)

    ask.ask_button.dblclick()

    answer = ask.answer("sandbox/chatty?tps=20")
    expect(answer.locator(".prose")).not_to_be_empty()
    expect(answer).to_contain_text("writing")
    ask.stop_button.dblclick()
    expect(answer).to_contain_text("stopped")
    expect(ask.ask_button).to_be_visible()
    assert len(asked) == 1
