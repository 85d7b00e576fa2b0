"""The Usage page in a browser: figures, charts, filters in its place, files, and what it says when there is nothing."""

import csv
import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import insert

from console.page_errors import PageErrors
from parley.books.money import from_pico
from parley.books.token_kinds import TOKEN_KINDS
from parley.domain.settings import StoreSettings
from parley.store.database import Store
from parley.store.schema import usage_events
from serving import ADMIN_KEY, post, serving

NOW = datetime(2026, 11, 22, 15, tzinfo=UTC)
DAY_S = 86_400
HOSTILE = '=HYPERLINK("http://evil.example","<b>ada</b>"), @home'
FAST, SLOW, FREE, UNPRICED = "groq/fast", "anthropic/slow", "ollama/free", "x/unpriced"
COSTS = {FAST: 123_456_789, SLOW: 30_000_000_001, FREE: 0, UNPRICED: None}
"""Picodollars a call."""

TIMES_MS = {FAST: 400, SLOW: 5_600, FREE: 2_000, UNPRICED: 900}
COLOURS = """() => {
    const found = new Set();
    const canvas = document.querySelector(".chart canvas");
    if (!canvas?.width) return [];
    const copy = Object.assign(document.createElement("canvas"), { width: canvas.width, height: canvas.height });
    const pen = copy.getContext("2d", { willReadFrequently: true });
    pen.drawImage(canvas, 0, 0);
    const { data } = pen.getImageData(0, 0, canvas.width, canvas.height);
    for (let at = 0; at < data.length; at += 4) if (data[at + 3] === 255) found.add(data.slice(at, at + 3).join());
    return [...found];
}"""


ROOM_AND_WIDTH = """async (label) => {
    const { roomForLabels } = await import(new URL("console/parts/chart.js", document.baseURI));
    const pen = document.createElement("canvas").getContext("2d");
    pen.font = "12px system-ui, sans-serif";
    return [roomForLabels(null, ["$0", label]), pen.measureText(label).width];
}"""
TICK_AND_GAP_PX = 9
"""A tick of 4 px, and the 5 px that uPlot leaves beside it."""


@dataclass(frozen=True)
class Ledger:
    """A server whose ledger has 45 days of four models: `key` is an ordinary one that asked the fast model alone."""

    url: str
    key: str
    rows: list[dict[str, Any]]

    def spent(self, days: int) -> Decimal:
        since = NOW.timestamp() - days * DAY_S
        return sum((from_pico(row["cost_pico"] or 0) for row in self.rows if row["time"] > since), Decimal(0))


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ledger]:
    store = f"sqlite:///{tmp_path_factory.mktemp('usage')}/parley.db"
    with serving("", {"PARLEY_STORE_URL": store}) as url:
        made = post(url, "/v1/keys", {"name": HOSTILE}, {"Authorization": f"Bearer {ADMIN_KEY}"}).json
        rows = calls_of(made["id"])
        book = Store(StoreSettings(store))
        book.write_now(lambda connection: connection.execute(insert(usage_events), rows))
        book.close_now()
        yield Ledger(url, made["key"], rows)


def calls_of(key_id: str) -> list[dict[str, Any]]:
    """Each day the fast model three times by the named key, of which one fails on every second, the others once."""
    rows = []
    for day in range(45):
        for number, model in enumerate([FAST, FAST, FAST, SLOW, FREE, UNPRICED]):
            is_failed = number == 2 and day % 2 == 0
            key = (key_id, HOSTILE) if model == FAST else ("key_batch", "nightly batch")
            cost = 0 if is_failed else COSTS[model]
            rows.append(call(day, number, model, key, cost_pico=cost, outcome="failed" if is_failed else "ok"))
    return rows


def call(day: int, number: int, model: str, key: tuple[str, str], **fields: Any) -> dict[str, Any]:
    return {
        "id": f"evt_{day}_{number}",
        "time": NOW.timestamp() - day * DAY_S,
        "key_id": key[0],
        "key_name": key[1],
        "request_id": f"req_{day}",
        "panel_id": f"rt_{day}",
        "role": "seat",
        "seat_index": number,
        "attempts": 1,
        "model": model,
        "provider": model.partition("/")[0],
        **dict.fromkeys(TOKEN_KINDS, 0),
        "input_tokens": 100,
        "output_tokens": 20,
        "is_estimated": False,
        "is_cached": False,
        "latency_ms": TIMES_MS[model],
        "instance_id": "ins_1",
        "input_estimate": 0,
        **fields,
    }


@pytest.fixture
def usage_page(page: Page, ledger: Ledger, sign_in: Callable[[Page, str, str], None]) -> Page:
    """The page as an administrator has it, on the day of NOW."""
    page.clock.set_fixed_time(NOW)
    sign_in(page, ledger.url, ADMIN_KEY)
    page.goto(f"{ledger.url}/#/usage")
    expect(page.get_by_role("heading", name="By model")).to_be_visible()
    return page


def tile(page: Page, title: str) -> Any:
    return page.locator(".tiles > div").filter(has=page.get_by_text(title, exact=True))


def row(page: Page, table: str, name: str) -> Any:
    return page.get_by_role("region", name=f"{table}, table").get_by_role("row").filter(has_text=name)


def saved(page: Page, title: str) -> tuple[str, list[dict[str, str]]]:
    with page.expect_download() as waiting:
        page.get_by_role("button", name=f"{title} as CSV").click()
    text = Path(waiting.value.path()).read_bytes().decode()
    return waiting.value.suggested_filename, list(csv.DictReader(io.StringIO(text, newline="")))


def test_figures_of_thirty_days_by_model_key_and_day(
    usage_page: Page, axe: Callable[[Page], None], screenshot: Callable[[Page, str], None]
) -> None:
    page = usage_page
    expect(tile(page, "Calls")).to_contain_text("180")
    expect(tile(page, "Calls")).to_contain_text("of 30 requests")
    expect(tile(page, "Failed")).to_contain_text("8.3 %")
    expect(tile(page, "Spend")).to_contain_text("not all prices are known")
    expect(row(page, "By model", FAST)).to_contain_text("17 % (15)")
    expect(row(page, "By model", FAST)).to_contain_text("400 ms")
    expect(row(page, "By model", SLOW)).to_contain_text("5.60 s")
    expect(row(page, "By model", UNPRICED)).to_contain_text("30 without a price")
    expect(row(page, "By key", HOSTILE)).to_contain_text("9,000")
    expect(row(page, "By day", "22 Nov 2026")).to_contain_text("$0.0302")
    expect(page.get_by_text("One model is not shown")).to_be_visible()
    axe(page)
    screenshot(page, "usage")


def test_charts_are_walked_by_keyboard(usage_page: Page) -> None:
    page = usage_page
    days = page.get_by_role("img", name="Spend a day")
    expect(days).to_be_visible()
    days.focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator("#day-readout")).to_contain_text("24 Oct 2026: $0.0304")
    page.keyboard.press("Escape")
    expect(page.locator("#day-readout")).to_contain_text("30 days: ")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    expect(page.locator("#day-readout")).to_contain_text("21 Nov 2026: $0.0304")

    page.get_by_role("img", name="Cost of a call").focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator("#point-readout")).to_contain_text(f"{FAST} $0.00010 a call, half of them within 400 ms")
    page.keyboard.press("ArrowRight")
    expect(page.locator("#point-readout")).to_contain_text(f"{FREE} $0 a call")


def test_filters_stand_in_the_place_and_outlive_a_reload(usage_page: Page, ledger: Ledger) -> None:
    page = usage_page
    page.get_by_text("7 days", exact=True).click()
    page.get_by_text("Tokens", exact=True).last.click()
    page.get_by_role("button", name=FAST).click()
    page.get_by_role("button", name=HOSTILE, exact=True).click()
    expect(tile(page, "Calls")).to_contain_text("21")
    assert page.url.startswith(f"{ledger.url}/#/usage?days=7&measure=tokens&model=groq%2Ffast&key=key_")

    page.reload()
    expect(tile(page, "Calls")).to_contain_text("21")
    expect(page.get_by_role("heading", name="Tokens a day")).to_be_visible()
    page.get_by_role("button", name=f"Show all, not only {HOSTILE}").click()
    page.get_by_role("button", name=f"Show all, not only {FAST}").click()
    expect(tile(page, "Calls")).to_contain_text("42")

    page.get_by_text("Custom", exact=True).click()
    page.get_by_label("From", exact=True).fill("2026-10-20")
    page.get_by_label("to", exact=True).fill("2026-10-21")
    expect(tile(page, "Calls")).to_contain_text("12")
    page.get_by_label("From", exact=True).fill("2026-10-25")
    expect(page.get_by_role("alert")).to_contain_text("2026-10-25, is after the last, 2026-10-21")


def test_tables_sort_by_a_column_and_files_add_up_to_the_last_digit_without_a_formula(
    usage_page: Page, ledger: Ledger
) -> None:
    table = usage_page.get_by_role("region", name="By model, table")
    table.get_by_role("button", name="Median").click()
    expect(table.get_by_role("columnheader", name="Median")).to_have_attribute("aria-sort", "descending")
    expect(table.get_by_role("row").nth(1)).to_contain_text(SLOW)
    table.get_by_role("button", name="Median").click()
    expect(table.get_by_role("row").nth(1)).to_contain_text(FAST)

    for kind in ("model", "key", "day"):
        name, rows = saved(usage_page, f"By {kind}")
        assert name == f"parley-usage-by-{kind}-2026-10-24-to-2026-11-22.csv"
        assert sum(Decimal(each["cost_usd"]) for each in rows) == ledger.spent(30)
        assert sum(int(each["events"]) for each in rows) == 180
    _, keys = saved(usage_page, "By key")
    assert [each["key_name"] for each in keys] == ["nightly batch", f"'{HOSTILE}"]


def test_charts_take_the_colours_of_the_theme_and_the_width_of_the_window(usage_page: Page) -> None:
    page = usage_page
    # Functions, for an expression is evaluated at each look, and the page's policy allows that at the first alone.
    page.wait_for_function(f"() => ({COLOURS})().includes('53,56,205')")
    page.emulate_media(color_scheme="dark")
    page.wait_for_function(f"() => ({COLOURS})().includes('164,172,255')")
    assert "53,56,205" not in page.evaluate(COLOURS)
    page.set_viewport_size({"width": 390, "height": 844})
    expect(page.locator(".chart canvas").first).to_be_visible()
    page.wait_for_function("() => document.querySelector('.chart canvas')?.getBoundingClientRect().width < 390")


@pytest.mark.parametrize("label", ["$0", "$0.5", "$0.00025", "$0.000125", "1,250,000,000"])
def test_axis_has_room_for_the_longest_of_its_labels(page: Page, console_url: str, label: str) -> None:
    page.goto(console_url)
    room, width = page.evaluate(ROOM_AND_WIDTH, label)
    assert room >= width + TICK_AND_GAP_PX


def test_ordinary_key_sees_its_own_and_no_table_of_keys(
    page: Page, ledger: Ledger, sign_in: Callable[[Page, str, str], None]
) -> None:
    page.clock.set_fixed_time(NOW)
    sign_in(page, ledger.url, ledger.key)
    page.get_by_role("link", name="Usage").click()
    expect(tile(page, "Calls")).to_contain_text("90")
    expect(page.get_by_role("heading", name="By day")).to_be_visible()
    expect(page.get_by_role("heading", name="By key")).to_have_count(0)


def test_empty_ledger_and_a_failing_server_are_told(
    page: Page, console_url: str, page_errors: PageErrors, axe: Callable[[Page], None]
) -> None:
    page.goto(f"{console_url}/#/usage?days=7")
    expect(page.get_by_text("Nothing was used from")).to_be_visible()
    expect(page.get_by_role("link", name="Ask a panel")).to_be_visible()
    axe(page)

    page_errors.expect("status of 503")
    problem = {"error": {"code": "store_unavailable", "message": "The store is away; send it again."}}
    page.route("**/v1/usage", lambda route: route.fulfill(status=503, json=problem))
    page.get_by_role("button", name="Refresh").click()
    expect(page.get_by_role("alert")).to_contain_text("The store is away")
    page.unroute("**/v1/usage")
    page.get_by_role("button", name="Refresh").click()
    expect(page.get_by_text("Nothing was used from")).to_be_visible()
