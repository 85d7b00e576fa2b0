"""List prices of models, by price list and upstream name. The data is data/prices.json, written by
scripts/extract_prices.py with its source, version and date in it; a name that no row matches has no known price.
"""

import re
from collections.abc import Iterable
from datetime import UTC, date, datetime, time
from decimal import Decimal
from pathlib import Path
from urllib.parse import urlsplit

import msgspec

from parley.domain.settings import ProviderSettings
from parley.domain.usage import Price, PriceTier, Rates

_FILE = Path(__file__).parent / "data" / "prices.json"

# Host of a provider's base URL -> its price list. Source: the vendors' API references.
_LIST_BY_HOST = {
    "api.openai.com": "openai",
    "api.anthropic.com": "anthropic",
    "generativelanguage.googleapis.com": "google",
    "api.mistral.ai": "mistral",
    "api.groq.com": "groq",
    "api.x.ai": "x-ai",
    "api.deepseek.com": "deepseek",
    "openrouter.ai": "openrouter",
    "api.together.xyz": "together",
    "api.together.ai": "together",
}
# A provider of one of these names that is reached by another, not local host is taken for a gateway to the vendor.
_LIST_BY_NAME = {
    "openai": "openai",
    "anthropic": "anthropic",
    "gemini": "google",
    "google": "google",
    "mistral": "mistral",
    "groq": "groq",
    "xai": "x-ai",
    "deepseek": "deepseek",
    "openrouter": "openrouter",
    "together": "together",
}


class TierRow(msgspec.Struct, frozen=True):
    """Rates once the input passes `above` tokens."""

    above: int
    input: Decimal
    output: Decimal
    cache_read: Decimal | None = None
    cache_write: Decimal | None = None


class RatesRow(msgspec.Struct, frozen=True):
    """US dollars for a million tokens."""

    input: Decimal
    output: Decimal
    cache_read: Decimal | None = None
    cache_write: Decimal | None = None
    tiers: tuple[TierRow, ...] = ()


class ChangeRow(msgspec.Struct, frozen=True, rename={"start": "from"}):
    """Rates that replace the earlier ones from a day on, or each day between two times (UTC)."""

    rates: RatesRow | None
    start: date | None = None
    hours_utc: tuple[str, str] | None = None

    def holds_at(self, moment: datetime) -> bool:
        """Whether these rates are the ones at `moment`, which is in UTC."""
        if self.start is not None and moment.date() < self.start:
            return False
        if self.hours_utc is None:
            return True
        start, end = (time.fromisoformat(text) for text in self.hours_utc)
        now = moment.time()
        return start <= now < end if start <= end else now >= start or now < end


class PriceRow(msgspec.Struct, frozen=True):
    """One model of a price list: how its names are recognised, what it costs, how much it reads."""

    id: str
    name: str = ""
    equals: tuple[str, ...] = ()
    starts_with: tuple[str, ...] = ()
    regex: tuple[str, ...] = ()
    context_window: int | None = None
    rates: RatesRow | None = None
    changes: tuple[ChangeRow, ...] = ()
    unlisted: bool = False

    @property
    def is_fixed(self) -> bool:
        """Whether the price is the same at any time."""
        return not self.changes

    def price_at(self, moment: datetime) -> Price | None:
        """Return the price at `moment` (UTC): the last change that holds, else the base; None when not known."""
        rates = self.rates
        for change in self.changes:
            if change.holds_at(moment):
                rates = change.rates
        return None if rates is None else _price_of(rates)


def _price_of(row: RatesRow) -> Price:
    tiers = tuple(PriceTier(tier.above, _rates_of(tier)) for tier in row.tiers)
    return Price(_rates_of(row), tiers)


def _rates_of(row: RatesRow | TierRow) -> Rates:
    return Rates(row.input, row.output, row.cache_read, row.cache_write)


class PriceList:
    """The models of one vendor. A whole name wins; beginnings and patterns follow, in file order."""

    def __init__(self, rows: Iterable[PriceRow]) -> None:
        self.rows = tuple(rows)
        self._by_name = {name: row for row in reversed(self.rows) for name in row.equals}
        self._by_pattern = tuple(row for row in self.rows if row.starts_with or row.regex)

    def find(self, upstream_model: str) -> PriceRow | None:
        """Return the row for a vendor's name of a model, upper and lower case alike, or None."""
        name = upstream_model.lower()
        row = self._by_name.get(name)
        if row is not None:
            return row
        for row in self._by_pattern:
            if name.startswith(row.starts_with) or any(re.search(pattern, name) for pattern in row.regex):
                return row
        return None


class _File(msgspec.Struct, frozen=True):
    source: str
    version: str
    date: date
    unit: str
    providers: dict[str, msgspec.Raw]


class PriceBook:
    """All price lists of the file; a list is decoded when it is first asked for."""

    def __init__(self, path: Path = _FILE) -> None:
        self._file = msgspec.json.decode(path.read_bytes(), type=_File)
        self._lists: dict[str, PriceList] = {}

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self._file.providers)

    @property
    def as_of(self) -> date:
        """The day on which the prices were taken from their source."""
        return self._file.date

    @property
    def origin(self) -> str:
        """Where the prices come from, with the version."""
        return f"{self._file.source}, version {self._file.version}"

    def list_of(self, name: str) -> PriceList:
        """Return the price list of this name; an empty one when the file has none."""
        if name not in self._lists:
            raw = self._file.providers.get(name)
            rows = () if raw is None else msgspec.json.decode(raw, type=tuple[PriceRow, ...])
            self._lists[name] = PriceList(rows)
        return self._lists[name]


def utc_now() -> datetime:
    """Return the present moment in UTC."""
    return datetime.now(UTC)


def price_list_of(provider: ProviderSettings) -> str | None:
    """Return the name of the price list that holds for a provider, None where none does (local, sandbox, unknown)."""
    by_host = _LIST_BY_HOST.get(urlsplit(provider.base_url).hostname or "")
    if by_host is not None:
        return by_host
    return None if provider.is_local or not provider.base_url else _LIST_BY_NAME.get(provider.name)
