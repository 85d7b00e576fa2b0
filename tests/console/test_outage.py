"""What the pages do while a server starts anew: they go on by themselves once it is back."""

from collections.abc import Callable

from playwright.sync_api import Page, Route, expect

from console.ask_page import AskPage
from console.page_errors import PageErrors
from serving import connect, get


def fail(route: Route) -> None:
    route.fulfill(status=503, content_type="application/json", body='{"error": {"message": "It starts just now."}}')


def test_models_that_could_not_be_listed_are_said_to_be_and_fetched_with_the_next_click(
    page: Page, console_url: str, page_errors: PageErrors
) -> None:
    page_errors.expect("status of 503")
    page.route("**/v3/models", fail)
    page.goto(console_url)
    ask = AskPage(page)
    ask.picker.click()
    listed = page.get_by_role("listbox", name="Models")
    expect(listed).to_contain_text("The models can't be listed: It starts just now.")
    page.unroute("**/v3/models")

    ask.picker.click()

    expect(listed.get_by_role("option", name="sandbox/terse")).to_be_visible()


def test_list_of_what_runs_outlives_an_outage(
    page: Page, new_console: Callable[..., str], page_errors: PageErrors
) -> None:
    page_errors.expect("status of 503")
    url = new_console()
    body = b'{"input": "x", "models": ["sandbox/chatty?tps=50"], "resolution": "fast", "stream": true}'
    head = f"host: 127.0.0.1\r\ncontent-type: application/json\r\ncontent-length: {len(body)}"
    with connect(url) as client:
        client.sendall(f"POST /v3/roundtable HTTP/1.1\r\n{head}\r\n\r\n".encode() + body)
        client.recv(1)
        page.goto(f"{url}/#/runs")
        running = page.get_by_role("region", name="Running now")
        expect(running).to_contain_text("sandbox/chatty?tps=50")
        page.route("**/v1/usage/events", fail)
        with page.expect_response("**/v1/usage/events"):
            pass
        expect(running).to_be_visible()
    while not get(url, "/v3/traces?limit=1").json["traces"]:
        page.wait_for_timeout(20)
    page.unroute("**/v1/usage/events")

    expect(running).to_be_hidden()
    expect(page.get_by_role("region", name="Runs, newest first")).to_contain_text("cancelled")
