"""The Ask page in a browser: what is asked, how answers come, and what a failing or hostile one does to the page."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from console.ask_page import TEXT, AskPage
from console.conftest import Keyed
from console.page_errors import PageErrors
from serving import OPEN, get

_MONEY = re.compile(r"^\$0\.0\d+$")


@pytest.fixture
def ask(page: Page) -> AskPage:
    return AskPage(page)


def test_panel_streams_beside_a_seat_that_fails_and_the_merged_answer_tells_its_cost(
    ask: AskPage,
    console_url: str,
    axe: Callable[[Page], None],
    screenshot: Callable[[Page, str], None],
) -> None:
    models = ("sandbox/terse", "sandbox/thorough?tps=150", "sandbox/down", "sandbox/garbled")
    ask.open(console_url, models, resolution="Merge")
    ask.page.get_by_text("Options", exact=True).click()
    ask.page.get_by_label("Second tries per seat").fill("0")
    ask.ask()

    expect(ask.answer("sandbox/thorough?tps=150")).to_have_attribute("aria-busy", "true")
    expect(ask.totals).to_contain_text("not every seat answered")
    shown = ask.page.get_by_label("Answers").get_by_role("article")
    assert [article.get_attribute("aria-label") for article in shown.all()] == list(models)
    expect(ask.answer("sandbox/down")).to_contain_text("sandbox answered 503: sandbox/down is always down")
    expect(ask.answer("sandbox/garbled")).to_contain_text("broke off in the middle of its answer")
    expect(ask.answer("sandbox/garbled").locator(".prose")).not_to_be_empty()
    expect(ask.fact("sandbox/thorough?tps=150", "First token")).to_contain_text("ms")
    expect(ask.fact("sandbox/thorough?tps=150", "Tokens")).to_have_text(re.compile(r"^\d+ → \d+$"))
    merged = ask.page.get_by_label("Merged answer")
    expect(merged).to_contain_text("A monolith")
    expect(merged.locator("dl div").filter(has_text="Cost").locator("dd")).to_have_text(_MONEY)
    axe(ask.page)
    screenshot(ask.page, "ask-merged")


def test_costs_of_seats_and_merging_add_up_to_the_total(ask: AskPage, console_url: str) -> None:
    ask.open(console_url, resolution="Merge")
    ask.ask()

    expect(ask.totals).to_be_visible()
    shown = ask.page.locator("dl.facts div").filter(has_text="Cost").locator("dd").all_text_contents()
    total = re.search(r"\$([\d.]+)", ask.totals.inner_text())
    assert len(shown) == 4
    assert total
    assert sum(float(cost.removeprefix("$")) for cost in shown) == pytest.approx(float(total[1]), rel=0.05)


def test_stopping_keeps_what_was_written_and_cancels_on_the_server(ask: AskPage, console_url: str) -> None:
    ask.open(console_url, ("sandbox/chatty?tps=200", "sandbox/terse"))
    ask.ask()
    chatty = ask.answer("sandbox/chatty?tps=200")
    expect(chatty.locator(".prose")).to_contain_text("And at length")

    ask.stop_button.click()

    expect(chatty).to_contain_text("stopped")
    expect(chatty.locator(".prose")).to_contain_text("And at length")
    expect(ask.answer("sandbox/terse")).to_contain_text("done")
    expect(ask.ask_button).to_be_visible()
    while get(console_url, "/v3/traces?limit=1").json["traces"][0]["status"] != "cancelled":
        ask.page.wait_for_timeout(20)


def test_reload_keeps_the_draft(ask: AskPage, console_url: str) -> None:
    ask.open(console_url, ("sandbox/terse", "sandbox/terse"), text="What is 6 times 7?", resolution="Vote")
    ask.page.get_by_role("textbox", name="Choice 1").fill("42")
    before = ask.draft()

    ask.page.reload()

    expect(ask.prompt).to_have_value("What is 6 times 7?")
    expect(ask.seats).to_have_count(2)
    expect(ask.page.get_by_role("textbox", name="Choice 1")).to_have_value("42")
    expect(ask.page.get_by_role("radio", name="Vote")).to_be_checked()
    assert ask.draft() == before


def test_votes_stand_as_bars_and_two_seats_of_one_model_both_vote(
    ask: AskPage, console_url: str, axe: Callable[[Page], None], screenshot: Callable[[Page, str], None]
) -> None:
    seats = ("sandbox/terse", "sandbox/terse", "sandbox/contrarian")
    ask.open(console_url, seats, resolution="Vote")
    ask.page.get_by_role("button", name="Add a choice").click()
    ask.page.get_by_role("textbox", name="Choice 3").fill("it depends")
    ask.ask()

    vote = ask.page.get_by_role("region", name="Vote")
    expect(vote.get_by_role("meter", name="no: 2 of 3")).to_be_visible()
    expect(vote.get_by_role("meter", name="yes: 1 of 3")).to_be_visible()
    expect(vote.get_by_role("meter", name="it depends: 0 of 3")).to_be_visible()
    expect(vote.locator(".verdict")).to_contain_text("no 67 % of the valid votes")
    axe(ask.page)
    screenshot(ask.page, "ask-vote")


def test_a_vote_that_cannot_be_held_says_why(ask: AskPage, console_url: str) -> None:
    ask.open(console_url, resolution="Vote")
    ask.page.get_by_role("textbox", name="Choice 2").fill("yes")
    ask.ask()
    expect(ask.page.get_by_text("Two choices are the same.")).to_be_visible()

    ask.prompt.fill(" ")
    ask.ask()
    expect(ask.page.get_by_text("Write a question first.")).to_be_visible()
    assert ask.page.get_by_role("article").count() == 0


def test_schema_is_judged_as_it_is_written_and_answers_fit_it(
    ask: AskPage, console_url: str, axe: Callable[[Page], None], screenshot: Callable[[Page, str], None]
) -> None:
    ask.open(console_url, ("sandbox/terse",))
    ask.page.get_by_text("Options", exact=True).click()
    schema = ask.page.get_by_label("Answer schema")
    said = ask.page.locator("#schema-fault")

    schema.fill('{"type": "object"')
    expect(said).to_contain_text("Not JSON")
    schema.fill('{"type": "object", "properties": {"verdict": {"type": "text"}}}')
    expect(said).to_contain_text('Property verdict has the type "text"; a type is one of object')
    expect(schema).to_have_attribute("aria-invalid", "true")
    schema.fill("")
    ask.page.get_by_role("button", name="Fill in an example").click()
    expect(said).to_have_text("A schema for an answer.")
    axe(ask.page)
    screenshot(ask.page, "ask-schema")

    ask.ask()
    expect(ask.totals).to_be_visible()
    written = ask.answer("sandbox/terse").locator("code").inner_text()
    assert json.loads(written)["verdict"] in ("yes", "no")


def test_a_schema_that_the_server_refuses_is_explained_by_it(
    ask: AskPage, console_url: str, page_errors: PageErrors
) -> None:
    ask.open(console_url, ("sandbox/terse",))
    ask.page.get_by_text("Options", exact=True).click()
    ask.page.get_by_label("Answer schema").fill('{"type": "object", "minProperties": "two"}')
    page_errors.expect("status of 400")
    ask.ask()

    expect(ask.page.get_by_role("alert")).to_contain_text("minProperties")
    expect(ask.page.get_by_role("article")).to_have_count(0)


def test_seats_of_one_model_keep_overrides_of_their_own(ask: AskPage, console_url: str) -> None:
    ask.open(console_url, ("sandbox/chatty?tps=0", "sandbox/chatty?tps=0"))
    ask.seats.nth(1).get_by_title("Overrides for this seat").click()
    ask.page.get_by_label("Most tokens").fill("10")
    ask.page.get_by_role("button", name="Done").click()
    expect(ask.seats.nth(1)).to_contain_text("max tokens 10")
    expect(ask.seats.nth(0)).not_to_contain_text("max tokens")
    ask.ask()

    expect(ask.totals).to_be_visible()
    written = [dd.inner_text() for dd in ask.fact("sandbox/chatty?tps=0", "Tokens").all()]
    assert [text.split(" → ")[1] for text in written] == ["20,000", "10"]
    expect(ask.page.get_by_role("article").nth(1)).to_contain_text("It ends here because it reached its most tokens.")
    expect(ask.page.get_by_role("article").nth(0)).not_to_contain_text("It ends here")


def test_keyboard_alone_asks_a_panel(ask: AskPage, console_url: str) -> None:
    ask.page.goto(console_url)
    expect(ask.prompt).to_be_visible()
    keys = ask.page.keyboard
    keys.press("Tab")
    expect(ask.page.get_by_text("Skip to the page")).to_be_focused()
    keys.press("Enter")
    keys.press("Tab")
    expect(ask.prompt).to_be_focused()
    keys.type("What is 6 times 7?")
    while not ask.picker.evaluate("(box) => box === document.activeElement"):
        keys.press("Tab")
    keys.type("judge")
    keys.press("ArrowDown")
    keys.press("Enter")
    expect(ask.seats).to_have_count(4)
    keys.press("Escape")
    keys.press("Tab")
    keys.press("ArrowRight")
    keys.press("ArrowRight")
    expect(ask.page.get_by_role("radio", name="Side by side")).to_be_checked()

    keys.press("Control+Enter")

    expect(ask.totals).to_be_visible()
    expect(ask.answer("sandbox/judge")).to_contain_text("42")


def test_escape_closes_the_list_of_models_and_a_search_narrows_it(ask: AskPage, console_url: str) -> None:
    ask.page.goto(console_url)
    ask.picker.fill("sandbox cont")
    options = ask.page.get_by_role("listbox", name="Models").get_by_role("option")
    expect(options).to_have_count(1)
    expect(options).to_contain_text("$0.10 / $0.40 · 33k")

    ask.picker.press("Escape")

    expect(ask.page.get_by_role("listbox", name="Models")).to_be_hidden()
    expect(ask.picker).to_be_focused()


def test_sign_in_refuses_a_bad_key_and_keeps_a_good_one_in_the_tab_alone(
    page: Page,
    console_with_keys: Keyed,
    page_errors: PageErrors,
    axe: Callable[[Page], None],
    screenshot: Callable[[Page, str], None],
) -> None:
    page.goto(console_with_keys.url)
    page_errors.expect("status of 401")
    page.get_by_label("API key").fill("rsk_wrong")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_contain_text("unauthorized")
    axe(page)
    screenshot(page, "sign-in")

    page.get_by_label("API key").fill(console_with_keys.key)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("banner")).to_contain_text("ada")
    page.reload()
    expect(page.get_by_role("banner")).to_contain_text("ada")

    assert page.evaluate("JSON.stringify(localStorage)") == "{}"
    assert page.context.cookies() == []
    with page.expect_navigation():
        page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_label("API key")).to_be_visible()
    assert console_with_keys.key not in page.evaluate("JSON.stringify(sessionStorage)")


_HOSTILE = """# A heading

<script>window.owned = 1</script>
<img src="x" onerror="window.owned = 2">

[click me](javascript:window.owned=3) and [me](data:text/html,<script>window.owned=4</script>)
![picture](http://127.0.0.2:9/spy.png) <a href="#" onclick="window.owned=5">html</a>
<form action="http://127.0.0.2:9/"><input name="q"></form> <style>body { display: none }</style>

```html" onmouseover="window.owned=6
<script>window.owned = 7</script>
```
"""


def _replaying(folder: Path, answers: dict[str, str]) -> str:
    rows = folder / "answers.jsonl"
    rows.write_text(json.dumps({"prompt": TEXT, "answers": answers}) + "\n")
    return f'{OPEN}\n[providers.recorded]\ndialect = "replay"\npath = "{rows}"\n'


def test_hostile_answer_stays_text_and_breaks_no_policy(
    ask: AskPage, new_console: Callable[..., str], tmp_path: Path, screenshot: Callable[[Page, str], None]
) -> None:
    url = new_console(_replaying(tmp_path, {"hostile": _HOSTILE}))
    ask.open(url, ("recorded/hostile",))
    ask.ask()
    expect(ask.totals).to_be_visible()

    prose = ask.answer("recorded/hostile").locator(".prose")
    expect(prose.get_by_role("heading", name="A heading")).to_be_visible()
    expect(prose).to_contain_text("<script>window.owned = 1</script>")
    assert prose.locator("script, img, form, input, style, [onerror], [onclick], [onmouseover]").count() == 0
    prose.get_by_text("click me").click()
    targets = prose.locator("a").evaluate_all("(links) => links.map((link) => link.getAttribute('href'))")
    assert [target for target in targets if target] == ["http://127.0.0.2:9/spy.png"]
    assert ask.page.evaluate("window.owned") is None
    screenshot(ask.page, "ask-hostile")


def test_list_of_tasks_says_which_are_done(ask: AskPage, new_console: Callable[..., str], tmp_path: Path) -> None:
    ask.open(new_console(_replaying(tmp_path, {"planner": "- [x] plan\n- [ ] build"})), ("recorded/planner",))
    ask.ask()

    items = ask.answer("recorded/planner").locator(".prose").get_by_role("listitem")
    expect(items).to_have_text(["☑ plan", "☐ build"])


def test_answer_that_marked_gives_up_on_is_shown_as_it_stands(
    ask: AskPage, new_console: Callable[..., str], tmp_path: Path
) -> None:
    nested = ">" * 5000
    ask.open(
        new_console(_replaying(tmp_path, {"nested": nested, "calm": "Calm."})), ("recorded/nested", "recorded/calm")
    )
    ask.ask()

    expect(ask.totals).to_be_visible()
    expect(ask.answer("recorded/nested").locator(".prose")).to_have_text(nested)
    expect(ask.answer("recorded/calm")).to_contain_text("Calm.")


@pytest.mark.parametrize("has_clipboard", [True, False], ids=["https or localhost", "plain http"])
def test_code_and_whole_answers_are_copied(
    ask: AskPage, new_console: Callable[..., str], tmp_path: Path, has_clipboard: bool
) -> None:
    code = "if a < b and c > d:\n    print('&amp;')"
    answer = f"Try *this*:\n\n```python\n{code}\n```\n"
    ask.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    if not has_clipboard:
        ask.page.add_init_script("navigator.clipboard.writeText = undefined")
    ask.open(new_console(_replaying(tmp_path, {"coder": answer})), ("recorded/coder",))
    ask.ask()
    expect(ask.totals).to_be_visible()

    for name, copied in {"Copy": code, "Copy the answer of recorded/coder": answer}.items():
        ask.answer("recorded/coder").get_by_role("button", name=name, exact=True).click()
        expect(ask.answer("recorded/coder").get_by_role("button", name="Copied")).to_be_visible()
        assert ask.page.evaluate("navigator.clipboard.readText()") == copied
        expect(ask.answer("recorded/coder").get_by_role("button", name="Copied")).to_have_count(0)


def test_phone_moves_to_the_answers(ask: AskPage, console_url: str) -> None:
    ask.page.set_viewport_size({"width": 390, "height": 420})
    ask.open(console_url, ("sandbox/chatty?tps=200", "sandbox/terse"))
    expect(ask.page.get_by_text("Ctrl ↵")).to_be_hidden()
    ask.page.evaluate("scrollTo(0, 0)")
    ask.prompt.press("Control+Enter")

    expect(ask.answer("sandbox/chatty?tps=200").locator(".prose")).to_be_in_viewport()
    expect(ask.page.get_by_text("1 of 2 models are through.")).to_be_attached()


def test_page_says_so_when_the_server_is_gone(ask: AskPage, console_url: str, page_errors: PageErrors) -> None:
    ask.open(console_url)
    page_errors.expect("ERR_INTERNET_DISCONNECTED")
    ask.page.context.set_offline(True)
    ask.ask()

    expect(ask.page.get_by_role("alert")).to_contain_text("The server can't be reached.")


def test_merging_tells_who_stepped_in_and_what_was_passed_on(ask: AskPage, new_console: Callable[..., str]) -> None:
    ask.open(new_console(), ("sandbox/terse", "sandbox/thorough"), resolution="Merge")
    ask.page.get_by_text("Options", exact=True).click()
    ask.page.get_by_label("Judge").fill("sandbox/down")
    ask.ask()
    merged = ask.page.get_by_label("Merged answer")
    expect(merged).to_contain_text("the judge failed, and sandbox/terse stepped in")

    ask.seats.nth(1).get_by_role("button", name="Remove").click()
    ask.ask()
    expect(merged).to_contain_text("one answer came, and is passed on as it is")
    expect(merged.get_by_role("article", name="sandbox/terse")).to_contain_text("A monolith")


def test_panel_without_an_answer_says_so_once(
    ask: AskPage, new_console: Callable[..., str], axe: Callable[[Page], None], screenshot: Callable[[Page, str], None]
) -> None:
    ask.open(new_console(), ("sandbox/down", "sandbox/down?tps=1"), resolution="Merge")
    ask.ask()

    expect(ask.page.get_by_role("alert")).to_have_count(1)
    expect(ask.page.get_by_role("alert")).to_contain_text("all_models_failed")
    expect(ask.page.locator(".answers .state.failed")).to_have_count(2)
    expect(ask.page.get_by_label("Merged answer")).to_have_count(0)
    expect(ask.ask_button).to_be_visible()
    axe(ask.page)
    screenshot(ask.page, "ask-all-failed")


def test_connection_that_breaks_keeps_what_came_and_says_so(ask: AskPage, console_url: str) -> None:
    ask.open(console_url, ("sandbox/terse",))
    delta = {"type": "model_delta", "model_index": 0, "model": "sandbox/terse", "delta": "Half an ans"}
    half = f"data: {json.dumps(delta)}\n\n"
    ask.page.route("**/v3/roundtable", lambda route: route.fulfill(content_type="text/event-stream", body=half))
    ask.ask()

    expect(ask.page.get_by_role("alert")).to_contain_text("The connection broke before the answer was complete.")
    expect(ask.answer("sandbox/terse")).to_contain_text("Half an ans")
    expect(ask.answer("sandbox/terse")).to_contain_text("stopped")
