"""Price lists: how names lead to rows, when a price holds, and what the file at hand says."""

from datetime import UTC, datetime
from decimal import Decimal

import msgspec
import pytest

from parley.catalog.prices import PriceBook, PriceList, PriceRow, price_list_of
from parley.domain.models import Dialect
from parley.domain.settings import ProviderSettings
from parley.domain.usage import Usage

ROWS = b"""[
 {"id":"alpha","equals":["alpha","alpha-mini"],"rates":{"input":"1","output":"2"}},
 {"id":"alpha-any","starts_with":["alpha"],"rates":{"input":"3","output":"4"}},
 {"id":"dated","regex":["^beta-\\\\d{4}$"],"rates":{"input":"5","output":"6"}},
 {"id":"later","equals":["later"],"rates":{"input":"1","output":"1"},
  "changes":[{"from":"2026-06-01","rates":{"input":"2","output":"2"}}]},
 {"id":"night","equals":["night"],"rates":{"input":"1","output":"1"},
  "changes":[{"hours_utc":["22:00","04:00"],"rates":{"input":"9","output":"9"}}]},
 {"id":"spoken","equals":["spoken"]},
 {"id":"long","equals":["long"],"rates":{"input":"1","output":"2","cache_read":"0.1","cache_write":"1.25",
  "tiers":[{"above":1000,"input":"10","output":"20"}]}}
]"""
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def price_list() -> PriceList:
    return PriceList(msgspec.json.decode(ROWS, type=tuple[PriceRow, ...]))


def row(name: str) -> PriceRow:
    found = price_list().find(name)
    assert found is not None
    return found


def input_rate(name: str, moment: datetime) -> Decimal:
    price = row(name).price_at(moment)
    assert price is not None
    return price.rates.input


@pytest.mark.parametrize(
    ("name", "expected"),
    [("alpha", "alpha"), ("ALPHA-Mini", "alpha"), ("alpha-2", "alpha-any"), ("beta-2026", "dated"), ("beta-26", None)],
)
def test_name_leads_to_row_and_whole_names_win_over_beginnings(name: str, expected: str | None) -> None:
    found = price_list().find(name)
    assert (found.id if found else None) == expected


def test_price_changes_on_its_day() -> None:
    assert input_rate("later", datetime(2026, 5, 31, 23, 59, tzinfo=UTC)) == 1
    assert input_rate("later", datetime(2026, 6, 1, tzinfo=UTC)) == 2


@pytest.mark.parametrize(("hour", "rate"), [(21, 1), (22, 9), (3, 9), (4, 1)])
def test_price_of_an_hour_holds_across_midnight(hour: int, rate: int) -> None:
    assert input_rate("night", datetime(2026, 1, 1, hour, tzinfo=UTC)) == rate


def test_model_billed_by_something_else_has_no_known_price() -> None:
    assert row("spoken").price_at(NOON) is None


@pytest.mark.parametrize(("tokens", "cost"), [(1_000, "0.001"), (1_001, "0.01001")])
def test_long_context_rates_hold_for_the_whole_call_above_their_bound(tokens: int, cost: str) -> None:
    price = row("long").price_at(NOON)
    assert price is not None
    assert price.cost_usd(Usage(input_tokens=tokens)) == Decimal(cost)


def test_cache_rates_are_read() -> None:
    price = row("long").price_at(NOON)
    assert price is not None
    assert (price.rates.cache_read, price.rates.cache_creation) == (Decimal("0.1"), Decimal("1.25"))


def test_file_names_its_source_and_date_and_decodes_whole() -> None:
    book = PriceBook()
    assert "genai-prices" in book.origin
    assert book.as_of.year >= 2026
    assert set(book.names) >= {"openai", "anthropic", "google", "mistral", "groq", "x-ai", "deepseek", "openrouter"}
    for name in book.names:
        rows = book.list_of(name).rows
        assert len(rows) > 5
        for each in rows:
            each.price_at(NOON)
            assert each.unlisted or each.rates is not None


def test_every_listed_model_of_the_file_is_found_by_its_own_id() -> None:
    book = PriceBook()
    for name in book.names:
        prices = book.list_of(name)
        for each in prices.rows:
            if not each.unlisted:
                assert prices.find(each.id) is not None, (name, each.id)


def test_unknown_price_list_is_empty() -> None:
    assert PriceBook().list_of("nobody").rows == ()


@pytest.mark.parametrize(
    ("name", "base_url", "is_local", "expected"),
    [
        ("openai", "https://api.openai.com/v1", False, "openai"),
        ("mine", "https://api.x.ai/v1", False, "x-ai"),
        ("gemini", "https://generativelanguage.googleapis.com", False, "google"),
        ("openai", "https://gateway.example.org/v1", False, "openai"),
        ("openai", "http://127.0.0.1:9/v1", True, None),
        ("other", "https://gateway.example.org/v1", False, None),
    ],
)
def test_price_list_goes_by_host_then_by_name_but_not_for_local_servers(
    name: str, base_url: str, is_local: bool, expected: str | None
) -> None:
    settings = ProviderSettings(name, Dialect.OPENAI, base_url, is_local=is_local)
    assert price_list_of(settings) == expected
