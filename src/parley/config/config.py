"""Reads file and environment once into a frozen Config. Unknown keys, wrong types, values out of bounds and dangling
names raise ConfigError, which stops start-up; what merely will not work becomes a note.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from parley.catalog.vendors import VENDORS
from parley.config.document import ConfigError, Table, read_document
from parley.config.model_sections import Names, read_models, read_panels
from parley.config.provider_sections import Notes, read_providers
from parley.config.sections import (
    SCALARS,
    check_override_names,
    check_workers,
    read_defaults,
    read_limiter,
    read_retention,
    read_server,
    read_store,
    read_telemetry,
    section,
)
from parley.domain.settings import (
    LimiterSettings,
    ModelSettings,
    PanelPreset,
    PanelSettings,
    ProviderSettings,
    RetentionSettings,
    ServerSettings,
    StoreSettings,
    TelemetrySettings,
)

DEFAULT_FILE = Path("parley.toml")
_LEAST_ADMIN_KEY = 32


@dataclass(frozen=True, slots=True)
class Config:
    """Everything that an operator has set, one part per room.

    `source` is the file that was read. `wants_discovery`: no provider is configured, so local servers should be asked
    for their models at start. `notes` are sentences for the operator, to be printed at start.
    """

    server: ServerSettings = ServerSettings()
    store: StoreSettings = StoreSettings()
    limiter: LimiterSettings = LimiterSettings()
    panel: PanelSettings = PanelSettings()
    retention: RetentionSettings = RetentionSettings()
    telemetry: TelemetrySettings = TelemetrySettings()
    providers: tuple[ProviderSettings, ...] = ()
    models: tuple[ModelSettings, ...] = ()
    panels: tuple[PanelPreset, ...] = ()
    wants_discovery: bool = False
    notes: tuple[str, ...] = ()
    source: Path | None = None


def read_environment() -> dict[str, str]:
    """Return a copy of the process's environment, for load_config."""
    return dict(os.environ)


def load_config(path: Path | None, environ: Mapping[str, str]) -> Config:
    """Return the configuration from `path`, else PARLEY_CONFIG, else parley.toml in this folder if it is there.

    Raises ConfigError with file, line, key, value and what would be right.
    """
    notes = Notes(check_override_names(environ))
    source = _find_file(path, environ)
    document = read_document(source)
    root = Table(document, (), document.values)
    fixed = {name: section(root, name, environ) for name in SCALARS}
    named = {name: root.named_tables(name) for name in ("providers", "models", "panels")}
    root.close()
    server = read_server(fixed["server"], _admin_key(environ))
    panel = read_defaults(fixed["defaults"])
    limiter = read_limiter(fixed["limiter"])
    check_workers(fixed["server"], server, limiter)
    providers = read_providers(named["providers"], environ, notes)
    models = read_models(named["models"], [provider.name for provider in providers])
    wants_discovery = not named["providers"]
    names = _callable_names(models, providers, wants_discovery)
    _check_judges(panel, fixed["defaults"], names)
    return Config(
        server=server,
        store=read_store(fixed["store"]),
        limiter=limiter,
        panel=panel,
        retention=read_retention(fixed["retention"]),
        telemetry=read_telemetry(fixed["telemetry"]),
        providers=tuple(providers),
        models=models,
        panels=read_panels(named["panels"], names, server.max_seats),
        wants_discovery=wants_discovery,
        notes=tuple(notes.sentences),
        source=source,
    )


def _callable_names(
    models: tuple[ModelSettings, ...], providers: list[ProviderSettings], wants_discovery: bool
) -> Names:
    """Return the names that panels may use; local servers count while they may still be discovered."""
    local = [vendor.name for vendor in VENDORS if vendor.is_local] if wants_discovery else []
    return Names([model.name for model in models], [*(provider.name for provider in providers), *local])


def _find_file(path: Path | None, environ: Mapping[str, str]) -> Path | None:
    named = path or (Path(environ["PARLEY_CONFIG"]) if environ.get("PARLEY_CONFIG") else None)
    if named is not None:
        if not named.is_file():
            asked_by = "--config" if path else "PARLEY_CONFIG"
            raise ConfigError(f"{named}, named by {asked_by}, is not there; name an existing file, or none")
        return named
    return DEFAULT_FILE if DEFAULT_FILE.is_file() else None


def _admin_key(environ: Mapping[str, str]) -> str | None:
    """Return the admin key, None when none is set. Its value never stands in a message."""
    key = environ.get("PARLEY_ADMIN_KEY", "")
    if not key:
        return None
    if len(key) < _LEAST_ADMIN_KEY:
        raise ConfigError(
            f"PARLEY_ADMIN_KEY has {len(key)} characters; it has {_LEAST_ADMIN_KEY} or more. "
            "Make one with: python3 -c 'import secrets; print(secrets.token_urlsafe(32))'"
        )
    if not key.isascii() or not key.isprintable() or " " in key:
        raise ConfigError("PARLEY_ADMIN_KEY holds a blank or a character that no header can carry; make a new one")
    return key


def _check_judges(panel: PanelSettings, table: Table, names: Names) -> None:
    for key, model in (("summary_model", panel.summary_model), ("comparison_model", panel.comparison_model)):
        if model:
            names.check(model, table, key)
