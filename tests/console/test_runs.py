"""The page Runs: the list and its filters, a run as a waterfall, and asking it again."""

import re
import time
import uuid
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Locator, Page, expect

from console.conftest import Keyed
from console.page_errors import PageErrors
from serving import OPEN, Got, connect, get, post, send, serving

QUESTION = "Is 17 * 3 more than 50?"
MANY = 27


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """A server with a few runs: all good; with a retry in vain and a judge; all failed; a vote."""
    with serving(OPEN) as found:
        ask(found, models=["sandbox/terse", "sandbox/terse"], resolution="fast")
        seats = ["sandbox/terse", "sandbox/down", "sandbox/thorough"]
        ask(found, models=seats, summary_model="sandbox/judge", max_retries=1)
        ask(found, models=["sandbox/down"], max_retries=0)
        ask(found, models=["sandbox/terse"], resolution="multiple_choice", choices=["yes", "no"])
        yield found


def ask(url: str, key: str = "", **fields: object) -> Got:
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    return post(url, "/v3/roundtable", {"input": QUESTION, **fields}, headers)


def rows(page: Page) -> Locator:
    return page.get_by_role("table", name="Runs").locator("tbody tr")


def steps(page: Page) -> Locator:
    return page.get_by_role("table", name="What was called").locator("tbody tr")


def test_list_tells_what_was_asked_and_how_it_ended(
    page: Page, url: str, axe: Callable[[Page], None], screenshot: Callable[[Page, str], None]
) -> None:
    page.goto(f"{url}/#/runs")

    expect(rows(page)).to_have_count(4)
    expect(rows(page).nth(0)).to_contain_text("Roundtable, vote")
    expect(rows(page).nth(1)).to_contain_text("sandbox/down failed")
    expect(rows(page).nth(1).get_by_text("failed", exact=True).last).to_be_visible()
    expect(rows(page).nth(2)).to_contain_text("sandbox/judge judge")
    expect(rows(page).nth(2)).to_contain_text("partial")
    expect(rows(page).nth(3)).to_contain_text("sandbox/terse × 2")
    expect(rows(page).nth(3)).to_contain_text("answered")
    expect(rows(page).nth(3).locator("td").last).to_contain_text("$0.0000")
    axe(page)
    screenshot(page, "runs")


def test_filters_stand_in_the_hash_and_outlive_a_reload(page: Page, url: str) -> None:
    page.goto(f"{url}/#/runs")
    page.get_by_label("Kind").select_option("Roundtable, merged")
    expect(rows(page)).to_have_count(2)
    page.get_by_label("State").select_option("Failed")
    expect(rows(page)).to_have_count(1)
    page.get_by_label("Model").fill("sandbox/down")
    page.get_by_label("Model").press("Enter")
    page.get_by_label("When").select_option("Last hour")
    expect(page).to_have_url(re.compile(r"#/runs\?kind=roundtable\+summary&state=error&model=sandbox%2Fdown&when=1h$"))
    expect(rows(page)).to_have_count(1)

    page.reload()

    expect(rows(page)).to_have_count(1)
    expect(page.get_by_label("State")).to_have_value("error")
    expect(page.get_by_label("Model")).to_have_value("sandbox/down")
    page.get_by_label("Model").fill("sandbox/nobody")
    page.get_by_label("Model").press("Tab")
    expect(page.get_by_text("No run fits these filters.")).to_be_visible()
    page.get_by_role("button", name="Clear the filters").click()
    expect(rows(page)).to_have_count(4)
    expect(page).to_have_url(re.compile(r"#/runs$"))


def test_time_span_is_taken_by_the_clock_of_the_browser(page: Page, url: str) -> None:
    page.goto(f"{url}/#/runs?when=between&from=2001-01-01T00:00")
    expect(rows(page)).to_have_count(4)
    page.get_by_label("Before").fill("2002-01-01T00:00")
    page.get_by_label("Before").press("Tab")
    expect(page.get_by_text("No run fits these filters.")).to_be_visible()


def test_waterfall_shows_seats_their_tries_and_the_judge(
    page: Page, url: str, axe: Callable[[Page], None], screenshot: Callable[[Page, str], None]
) -> None:
    page.goto(f"{url}/#/runs")
    rows(page).nth(2).get_by_role("link").press("Enter")

    expect(page.get_by_role("heading", name="Roundtable, merged")).to_contain_text("partial")
    names = steps(page).get_by_role("rowheader")
    expected = [
        ("Roundtable, merged", "not every seat answered"),
        ("sandbox/terse", "seat 1"),
        ("sandbox/down", "seat 2"),
    ]
    expected += [("down", "first try, sandbox"), ("down", "retry 1, sandbox")]
    expected += [("sandbox/thorough", "seat 3"), ("sandbox/judge", "judge")]
    expect(names).to_have_count(len(expected))
    for place, (name, note) in enumerate(expected):
        expect(names.nth(place).get_by_role("button")).to_have_text(name)
        expect(names.nth(place).get_by_text(note, exact=True)).to_be_visible()
    expect(steps(page).nth(2)).to_contain_text("upstream_error Its provider answered with an error")
    expect(steps(page).nth(6)).to_contain_text("answered")
    bars = page.locator(".waterfall .lane .span")
    boxes = [bars.nth(place).bounding_box() for place in (0, 5, 6)]
    assert all(box is not None and box["width"] >= 3 for box in boxes)
    whole, thorough, judge = (box or {"x": 0.0, "width": 0.0} for box in boxes)
    assert thorough["x"] + thorough["width"] <= judge["x"] + 4, "the judge begins when the seats have ended"
    assert judge["x"] + judge["width"] <= whole["x"] + whole["width"] + 4
    names.nth(6).get_by_role("button").click()
    expect(page.get_by_text("parley.shuffle_seed")).to_be_visible()
    axe(page)
    screenshot(page, "runs-trace")


def test_question_that_nobody_kept_is_said_to_be_unknown(page: Page, url: str) -> None:
    page.goto(f"{url}/#/runs")
    rows(page).nth(2).get_by_role("link").click()
    expect(page.get_by_text("The question isn't known")).to_be_visible()
    page.get_by_role("button", name="Open again in Ask").click()

    expect(page.get_by_label("Question")).to_have_value("")
    chips = page.get_by_role("list", name="Seats").get_by_role("listitem")
    expect(chips).to_have_count(3)
    expect(chips.nth(1)).to_contain_text("sandbox/down")


def test_run_of_this_tab_is_replayed_with_another_panel(
    page: Page, console_url: str, axe: Callable[[Page], None], screenshot: Callable[[Page, str], None]
) -> None:
    page.goto(console_url)
    page.get_by_label("Question").fill(QUESTION)
    page.get_by_role("button", name=re.compile("^Ask")).click()
    page.get_by_role("link", name="trace").click()
    expect(page.get_by_role("button", name="Open again in Ask")).to_be_visible()
    expect(page.get_by_text("The question isn't known")).to_have_count(0)
    page.get_by_role("button", name="Replay with another panel").click()
    dialog = page.get_by_role("dialog", name="Replay with another panel")
    expect(dialog).to_contain_text(QUESTION)
    dialog.get_by_role("button", name="Remove sandbox/terse").click()
    dialog.get_by_role("button", name="Remove sandbox/thorough").click()
    dialog.get_by_role("combobox", name="Add a model").fill("down")
    dialog.get_by_role("combobox", name="Add a model").press("Enter")
    axe(page)
    screenshot(page, "runs-replay")
    dialog.get_by_role("button", name="Ask now").click()

    expect(page).to_have_url(re.compile("#/ask$"))
    expect(page.get_by_role("article", name="sandbox/down")).to_contain_text("failed")
    answers = page.get_by_role("region", name="Answers")
    expect(answers.get_by_role("article", name="sandbox/contrarian")).to_contain_text("done")
    expect(page.get_by_label("Question")).to_have_value(QUESTION)


def test_question_that_the_operator_keeps_is_found_again(new_console: Callable[..., str], page: Page) -> None:
    url = new_console(OPEN + "[retention]\ncontent = true\n")
    ask(url, models=["sandbox/terse", "sandbox/thorough"], instructions="Be brief.")
    page.goto(f"{url}/#/runs")
    rows(page).first.get_by_role("link").click()
    steps(page).nth(1).get_by_role("button").click()
    expect(page.get_by_text(QUESTION)).to_be_visible()
    page.get_by_role("button", name="Open again in Ask").click()

    expect(page.get_by_label("Question")).to_have_value(QUESTION)
    expect(page.get_by_label("Instructions")).to_have_value("Be brief.")


def test_comparison_is_opened_again_in_compare(new_console: Callable[..., str], page: Page) -> None:
    url = new_console(OPEN + "[retention]\ncontent = true\n")
    messages = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": QUESTION}]
    models = ["sandbox/terse", "sandbox/thorough"]
    assert post(url, "/v1/chat/compare", {"models": models, "messages": messages}).status == 200
    page.goto(f"{url}/#/runs?kind=compare")
    rows(page).first.get_by_role("link").click()
    page.get_by_role("button", name="Open again in Compare").click()

    expect(page).to_have_url(re.compile("#/compare$"))
    expect(page.get_by_label("Text of turn 1")).to_have_value(QUESTION)


def test_of_a_trace_with_several_requests_one_is_chosen(url: str, page: Page) -> None:
    trace_id = str(uuid.uuid4())
    context = {"traceparent": f"00-{trace_id.replace('-', '')}-00f067aa0ba902b7-01"}
    for model in ("sandbox/contrarian", "sandbox/judge"):
        post(url, "/v3/roundtable", {"input": QUESTION, "models": [model], "resolution": "fast"}, context)
    page.goto(f"{url}/#/runs/{trace_id}")
    expect(steps(page)).to_have_count(4)
    page.get_by_role("combobox", name="Request").select_option("1 of 2")
    page.get_by_role("button", name="Open again in Ask").click()

    expect(page.get_by_role("list", name="Seats").get_by_role("listitem")).to_contain_text("sandbox/contrarian")
    assert send(url, "DELETE", f"/v3/traces/{trace_id}").status == 204


def test_run_is_seen_while_it_runs_and_after_it_was_stopped(new_console: Callable[..., str], page: Page) -> None:
    url = new_console()
    page.goto(url)
    page.get_by_label("Question").fill(QUESTION)
    for name in ("sandbox/thorough", "sandbox/contrarian"):
        page.get_by_role("button", name=f"Remove {name}").click()
    page.get_by_role("combobox", name="Add a model").fill("sandbox/chatty?tps=100")
    page.get_by_role("combobox", name="Add a model").press("Enter")
    page.get_by_role("button", name=re.compile("^Ask")).click()
    page.get_by_role("link", name="Runs").click()

    running = page.get_by_role("region", name="Running now")
    running.get_by_role("link", name="Roundtable").click()
    expect(page.get_by_role("heading", name="Roundtable")).to_contain_text("running")
    expect(steps(page).nth(2)).to_contain_text("sandbox/chatty?tps=100")
    expect(steps(page).nth(2)).to_contain_text("running")
    of_request = page.url
    page.get_by_role("link", name="Ask", exact=True).click()
    page.get_by_role("button", name="Stop").click()
    page.goto(of_request)

    expect(page).to_have_url(re.compile(r"#/runs/[0-9a-f]{8}-"))
    expect(page.get_by_role("heading", name="Roundtable")).to_contain_text("cancelled")
    expect(steps(page).nth(2)).to_contain_text("It was stopped before it had answered.")
    page.get_by_role("link", name="All runs").click()
    expect(rows(page).first).to_contain_text("sandbox/chatty?tps=100 stopped")


def test_run_that_ends_while_it_is_watched_becomes_its_trace(new_console: Callable[..., str], page: Page) -> None:
    url = new_console()
    body = b'{"input": "x", "models": ["sandbox/chatty?tps=50"], "resolution": "fast", "stream": true}'
    head = f"content-type: application/json\r\ncontent-length: {len(body)}"
    with connect(url) as client:
        client.sendall(f"POST /v3/roundtable HTTP/1.1\r\nhost: 127.0.0.1\r\n{head}\r\n\r\n".encode() + body)
        wait_until_running(url)
        page.goto(f"{url}/#/runs")
        page.get_by_role("region", name="Running now").get_by_role("link").click()
        expect(page.get_by_role("heading", name="Roundtable")).to_contain_text("running")

    expect(page).to_have_url(re.compile(r"#/runs/[0-9a-f]{8}-"))
    expect(page.get_by_role("heading", name="Roundtable")).to_contain_text("cancelled")


def wait_until_running(url: str) -> None:
    """Wait for the ledger's row, which is there before the model is asked."""
    ends_at = time.monotonic() + 15
    while time.monotonic() < ends_at:
        if post(url, "/v1/usage/events", {"status": "running"}).json["events"]:
            return
        time.sleep(0.02)
    raise TimeoutError("nothing runs")


def test_ordinary_key_sees_its_own_and_an_admin_everybodys(
    console_with_keys: Keyed, page: Page, sign_in: Callable[[Page, str, str], None], page_errors: PageErrors
) -> None:
    keyed = console_with_keys
    hostile = "<img src=x> & co"
    other = post(keyed.url, "/v1/keys", {"name": hostile}, {"Authorization": f"Bearer {keyed.admin_key}"}).json["key"]
    ask(keyed.url, keyed.key, models=["sandbox/terse"], resolution="fast")
    theirs = ask(keyed.url, other, models=["sandbox/thorough"], resolution="fast").json["meta"]["trace_uuid"]
    sign_in(page, keyed.url, keyed.key)
    page.get_by_role("link", name="Runs").click()
    expect(rows(page)).to_have_count(1)
    expect(rows(page).first).to_contain_text("sandbox/terse")
    expect(page.get_by_role("combobox", name="Key", exact=True)).to_have_count(0)
    page_errors.expect("status of 404")
    page.goto(f"{keyed.url}/#/runs/{theirs}")
    expect(page.get_by_role("alert")).to_contain_text("There is no trace")

    with page.expect_navigation():
        page.get_by_role("button", name="Sign out").click()
    sign_in(page, keyed.url, keyed.admin_key)
    page.goto(f"{keyed.url}/#/runs")
    expect(rows(page)).to_have_count(2)
    expect(rows(page).first).to_contain_text(hostile)
    page.get_by_role("combobox", name="Key", exact=True).select_option("ada")
    expect(rows(page)).to_have_count(1)
    expect(rows(page).first).to_contain_text("sandbox/terse")


def test_unknown_run_and_a_filter_that_is_none_are_said_plainly(
    page: Page, url: str, page_errors: PageErrors, axe: Callable[[Page], None]
) -> None:
    page_errors.expect("status of 404", "status of 400")
    page.goto(f"{url}/#/runs/4bf92f35-77b3-4da6-a3ce-929d0e0e4736")
    expect(page.get_by_role("alert")).to_contain_text("There is no trace '4bf92f35-77b3-4da6-a3ce-929d0e0e4736'")
    axe(page)
    page.get_by_role("link", name="All runs").click()
    expect(rows(page)).to_have_count(4)
    page.goto(f"{url}/#/runs/req_nobody")
    expect(page.get_by_role("alert")).to_contain_text("There is no request req_nobody of this key.")
    page.goto(f"{url}/#/runs?state=odd")
    expect(page.get_by_role("alert")).to_contain_text("status is 'odd'; it is one of ok, error, cancelled")


def test_empty_list_says_what_to_do_and_a_long_one_is_paged(new_console: Callable[..., str], page: Page) -> None:
    url = new_console()
    page.goto(f"{url}/#/runs")
    expect(page.get_by_text("Nothing has been asked with this key yet")).to_be_visible()
    for _ in range(MANY):
        ask(url, models=["sandbox/terse"], resolution="fast")
    assert len(get(url, "/v3/traces?limit=100").json["traces"]) == MANY

    page.get_by_role("button", name="Refresh").click()
    expect(rows(page)).to_have_count(25)
    page.get_by_role("link", name="Older").click()
    expect(rows(page)).to_have_count(2)
    expect(page.get_by_text("Runs 26–27, the last ones")).to_be_visible()
    page.go_back()
    expect(rows(page)).to_have_count(25)


def test_deleted_run_is_gone_from_the_list(new_console: Callable[..., str], page: Page) -> None:
    url = new_console()
    ask(url, models=["sandbox/terse"], resolution="fast")
    page.goto(f"{url}/#/runs")
    rows(page).first.click()
    page.get_by_role("button", name="Delete…").click()
    page.get_by_role("dialog", name="Delete this trace?").get_by_role("button", name="Delete", exact=True).click()

    expect(page.get_by_text("Nothing has been asked with this key yet")).to_be_visible()
