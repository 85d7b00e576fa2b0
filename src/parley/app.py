"""Assembly: builds every room from the configuration and hands it what it needs. Nobody imports it but the server."""

import asyncio
import importlib
import logging
import random
import time
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import assert_never

from starlette.types import ASGIApp

from parley.books.answer_cache import open_cache
from parley.books.expiry import keep_clean
from parley.books.exporting import ExportError
from parley.books.idempotency import Idempotency, release_of
from parley.books.journal import ROOM_BYTES, open_journal
from parley.books.ledger import Ledger
from parley.books.metrics import Vital
from parley.books.readers import Watcher
from parley.books.recorder import RecorderFile
from parley.books.telemetry import Telemetry, open_telemetry
from parley.books.templates import Templates
from parley.books.usage import UsageBook
from parley.catalog.catalog import Catalog
from parley.config import Config
from parley.domain.answer_cache import AnswerCache
from parley.domain.checkup import Checkup
from parley.domain.events import Emit
from parley.domain.models import Dialect
from parley.domain.settings import PanelSettings, Patience, ProviderSettings, StoreSettings
from parley.gate.admission import Admission
from parley.gate.key_book import KeyBook
from parley.gate.keyring import Keyring
from parley.gate.limiter_check import check_limiter
from parley.gate.limits import Limiter, open_limiter
from parley.gateway import Gateway, Readers, Ticket
from parley.panel.breaker import Breakers
from parley.panel.checkups import Checkups
from parley.panel.plan import Planner
from parley.panel.provider_health import ProviderHealth
from parley.panel.seat import SeatTools
from parley.providers.discovery import discover_local
from parley.providers.late import LateProvider
from parley.providers.openai import OpenAIProvider
from parley.providers.outlet import OutletError
from parley.providers.provider import CallLimits, Provider
from parley.providers.replay import ReplayFileError, ReplayProvider
from parley.store.database import Store, bring_up_to_date
from parley.store.inspection import inspect_store
from parley.store.opening import Migration, StoreError
from parley.wire.endpoint import Serving
from parley.wire.front import Front
from parley.wire.log import Log
from parley.wire.routes import Desks, application
from parley.wire.runs import Runs

START_FAULTS = (StoreError, ReplayFileError, ExportError, OutletError)
"""What an operator can mend when `assemble` raises it; the messages say how."""


Keeper = Callable[[], Coroutine[None, None, None]]


@dataclass(frozen=True, slots=True)
class House:
    """The assembled server. `made_key` is a new admin key, to be shown this once."""

    app: ASGIApp
    runs: Runs
    catalog: Catalog
    providers: Mapping[str, Provider]
    made_key: str | None
    store: Store
    ledger: Ledger
    limiter: Limiter
    cache: AnswerCache
    telemetry: Telemetry
    keepers: tuple[Keeper, ...] = ()
    """What runs beside the server for as long as it serves."""

    async def close(self) -> None:
        """Give back connections and files; what the ledger has left is written first."""
        for provider in self.providers.values():
            await provider.close()
        await self.limiter.close()
        await self.cache.close()
        await self.ledger.close()
        await self.telemetry.close()
        await self.store.close()


@dataclass(frozen=True, slots=True)
class Fittings:
    """What a house may have besides its configuration: further readers of every run's events, other times, logs."""

    make_readers: Callable[[], Sequence[Emit]] = tuple
    patience: Patience = Patience()
    log_level: int = logging.INFO


async def assemble(config: Config, fittings: Fittings) -> House:
    """Return the house of `config`; must be called in the loop that will serve. Raises START_FAULTS."""
    found = await discover_local() if config.wants_discovery else ()
    settings = (*config.providers, *(provider for provider, _ in found))
    discovered = {provider.name: models for provider, models in found}
    catalog = Catalog(settings, config.models, config.panels, discovered)
    providers = {one.name: _provider(one) for one in settings}
    store = Store(config.store)
    ledger = _ledger(store, config.store)
    keyring = Keyring(config.server.admin_key, is_open=config.server.auth == "open")
    keys = KeyBook(store, keyring)
    made_key = keys.open_now()
    cache = open_cache(store, config.limiter.url)
    rng = random.Random()
    breakers = Breakers(time.monotonic)
    health = ProviderHealth(providers, breakers, time.time)
    tools = SeatTools(
        providers=providers,
        breakers=breakers,
        limits=_limits(config.panel, config.server.max_answer_bytes),
        clock=time.monotonic,
        sleep=asyncio.sleep,
        rng=rng,
        hold_output_tokens=config.panel.hold_output_tokens,
        cache=cache,
    )
    log = Log(fittings.log_level)
    limiter = open_limiter(config.limiter, log)
    telemetry = _telemetry(config, catalog, ledger, limiter)

    def watchers(ticket: Ticket) -> Sequence[Watcher]:
        return telemetry.watchers(ticket.origin.caller.key_id, ticket.origin.parent_span_id)

    admission = Admission(limiter)
    readers = Readers(lambda: (health.read, *fittings.make_readers()), watchers)
    gateway = Gateway(Planner(catalog, config.panel, rng), tools, admission, ledger, readers)
    marks = Idempotency(store, ledger.instance.id)
    serving = Serving(
        gateway,
        keyring,
        config.server,
        Runs(),
        log,
        Templates(store),
        marks,
        fittings.patience,
        telemetry.metrics.count_refusal,
    )
    desks = Desks(keys, UsageBook(store), admission, telemetry, health, Checkups(settings, providers, config.models))
    app = Front(application(serving, catalog, desks), config.server, log)
    keepers = (ledger.run, keys.keep_current, telemetry.run, lambda: keep_clean(store, marks))
    return House(app, serving.runs, catalog, providers, made_key, store, ledger, limiter, cache, telemetry, keepers)


def migrate_store(settings: StoreSettings) -> Migration:
    """Bring the configured store up to date and do nothing else. Raises StoreError."""
    return bring_up_to_date(settings)


async def inspect_setup(config: Config) -> tuple[Checkup, ...]:
    """Return what is found at the store and the limiter; neither is changed."""
    return inspect_store(config.store), await check_limiter(config.limiter)


def open_recorder(path: Path) -> RecorderFile:
    """Open the file to which `parley record` appends; its `reader` is a fitting. Raises OSError."""
    return RecorderFile(path)


def _telemetry(config: Config, catalog: Catalog, ledger: Ledger, limiter: Limiter) -> Telemetry:
    """Return the telemetry, which may name the models that are listed or stand in the configuration."""
    named = [model for panel in config.panels for model in (*panel.models, panel.summary_model or "")]
    named += [config.panel.summary_model, config.panel.comparison_model]
    telemetry = open_telemetry(ledger.store, config.retention, config.telemetry, [*catalog.names(), *named])
    metrics = telemetry.metrics
    metrics.watch(Vital.LIMITER_HEALTHY, lambda: limiter.is_healthy)
    metrics.watch(Vital.LIMITER_LET_THROUGH, lambda: limiter.let_through)
    metrics.watch(Vital.JOURNAL_BYTES, lambda: ledger.journal.size_bytes)
    metrics.watch(Vital.EVENTS_ABANDONED, lambda: ledger.abandoned)
    return telemetry


def _ledger(store: Store, settings: StoreSettings) -> Ledger:
    """Return the ledger, what a former process left undone closed; its journal lies beside the database file."""
    try:
        journal = open_journal(settings.url)
    except OSError as error:
        reason = f"The ledger's journal can't be kept in {error.filename}: {error.strerror}"
        room = f"{ROOM_BYTES // 1024 // 1024} MiB of room"
        raise StoreError(f"{reason}; it needs {room} there, and the right to write.") from error
    ledger = Ledger(store, journal, release_of)
    ledger.start_now()
    return ledger


def _limits(settings: PanelSettings, max_answer_bytes: int) -> CallLimits:
    return CallLimits(
        connect_s=settings.connect_timeout_ms / 1000,
        first_token_s=settings.first_token_timeout_ms / 1000,
        stall_s=settings.stall_timeout_ms / 1000,
        max_answer_bytes=max_answer_bytes,
    )


def _provider(settings: ProviderSettings) -> Provider:
    match settings.dialect:
        case Dialect.OPENAI:
            return OpenAIProvider(settings)
        case Dialect.ANTHROPIC:
            return _load("anthropic", "AnthropicProvider", settings)
        case Dialect.GEMINI:
            return _load("gemini", "GeminiProvider", settings)
        case Dialect.SANDBOX:
            # Every server has it, and most never ask it.
            return LateProvider("parley.providers.sandbox", "SandboxProvider", settings)
        case Dialect.REPLAY:
            return ReplayProvider(settings)
        case unknown:
            assert_never(unknown)


def _load(module: str, name: str, settings: ProviderSettings) -> Provider:
    """Return the provider of a dialect that is loaded only where it is configured: each is slow to load."""
    provider: Provider = getattr(importlib.import_module(f"parley.providers.{module}"), name)(settings)
    return provider
