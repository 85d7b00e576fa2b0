"""The fixed sections of the file, each into its settings class, with the bounds of every key.

Source: contracts/config.md. Scalars of these sections can be overridden as PARLEY_<SECTION>_<KEY>.
"""

import difflib
import ipaddress
import re
from collections.abc import Mapping
from urllib.parse import urlsplit

from parley.config.document import ConfigError, Table
from parley.domain.settings import (
    LimiterSettings,
    PanelSettings,
    RetentionSettings,
    ServerSettings,
    StoreSettings,
    TelemetrySettings,
)

# Section -> its keys that one environment variable can override. Lists can't: they are set in the file.
SCALARS = {
    "server": (
        "host",
        "port",
        "workers",
        "max_body_bytes",
        "max_seats",
        "max_models",
        "max_answer_bytes",
        "shutdown_grace_s",
        "write_timeout_s",
        "auth",
        "root_path",
        "metrics_open",
    ),
    "store": ("url", "durability"),
    "limiter": ("url", "on_failure"),
    "defaults": (
        "summary_model",
        "comparison_model",
        "timeout_ms",
        "connect_timeout_ms",
        "first_token_timeout_ms",
        "stall_timeout_ms",
        "hold_output_tokens",
    ),
    "retention": ("content", "days"),
    "telemetry": ("otlp_endpoint",),
}
OWN_NAMES = ("PARLEY_CONFIG", "PARLEY_URL", "PARLEY_API_KEY", "PARLEY_ADMIN_KEY", "PARLEY_REQUIRE_ALL")
# What Kubernetes and Docker put into the environment for a service that is called parley.
_ORCHESTRATOR = re.compile(r"PARLEY_(SERVICE_(HOST|PORT\w*)|PORT(_\w+)?)")
_LISTS = ("PARLEY_SERVER_CORS_ORIGINS", "PARLEY_SERVER_TRUSTED_PROXIES")
_SECTION_PREFIXES = tuple(f"PARLEY_{section}_".upper() for section in SCALARS)
_GIB = 1 << 30
_DAY_S = 86_400
_LONGEST_MS = 300_000


def override_name(section: str, key: str) -> str:
    """Return the variable that overrides a key."""
    return f"PARLEY_{section}_{key}".upper()


def check_override_names(environ: Mapping[str, str]) -> list[str]:
    """Refuse variables that look like an override and are none; return a note for each other PARLEY_ name."""
    known = {override_name(section, key) for section, keys in SCALARS.items() for key in keys}
    notes = []
    for name in sorted(environ):
        if not name.startswith("PARLEY_") or name in known or name in OWN_NAMES or _ORCHESTRATOR.fullmatch(name):
            continue
        if name in _LISTS:
            raise ConfigError(f"{name} is a list; lists are set in the file, in [server]")
        close = difflib.get_close_matches(name, known, 1, 0.85)
        if close:
            raise ConfigError(f"{name} overrides no setting; did you mean {close[0]}?")
        if name.startswith(_SECTION_PREFIXES):
            raise ConfigError(f"{name} overrides no setting; overrides are named PARLEY_<SECTION>_<KEY>")
        notes.append(f"the variable {name} means nothing to Parley and is ignored")
    return notes


def section(root: Table, name: str, environ: Mapping[str, str]) -> Table:
    """Return the fixed section `name` with what the environment overrides in it."""
    table = root.table(name)
    table.overrides = {
        key: (override_name(name, key), environ[override_name(name, key)])
        for key in SCALARS[name]
        if override_name(name, key) in environ
    }
    return table


def is_loopback(host: str) -> bool:
    """Whether a host name or address can be reached from this machine alone."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def read_server(table: Table, admin_key: str | None) -> ServerSettings:
    usual = ServerSettings()
    settings = ServerSettings(
        host=table.text("host", usual.host),
        port=table.integer("port", usual.port, 0, 65_535),
        workers=table.integer("workers", usual.workers, 1, 64),
        max_body_bytes=table.integer("max_body_bytes", usual.max_body_bytes, 1_024, _GIB),
        max_seats=table.integer("max_seats", usual.max_seats, 1, 256),
        max_models=table.integer("max_models", usual.max_models, 1, 256),
        max_answer_bytes=table.integer("max_answer_bytes", usual.max_answer_bytes, 1_024, _GIB),
        shutdown_grace_s=table.number("shutdown_grace_s", usual.shutdown_grace_s, 0, _DAY_S),
        write_timeout_s=table.number("write_timeout_s", usual.write_timeout_s, 0.1, _DAY_S),
        auth=table.text("auth", usual.auth, ("keys", "open")),
        cors_origins=table.texts("cors_origins"),
        root_path=table.text("root_path", usual.root_path),
        trusted_proxies=table.texts("trusted_proxies"),
        metrics_open=table.flag("metrics_open", usual.metrics_open),
        admin_key=admin_key,
    )
    table.close()
    _check_server(table, settings)
    return settings


def _check_server(table: Table, settings: ServerSettings) -> None:
    if not settings.host.strip():
        table.fail("host", "is empty; it is an address such as 127.0.0.1, or 0.0.0.0 for every one")
    if settings.auth == "open" and not is_loopback(settings.host):
        table.fail(
            "auth",
            f"is 'open' while server.host is {settings.host!r}: anyone who reaches it could spend your money; "
            'set auth = "keys" or host = "127.0.0.1"',
        )
    path = settings.root_path
    if path and (not path.startswith("/") or path.endswith("/")):
        table.fail("root_path", f"is {path!r}; it begins with / and does not end with one, such as /parley")
    for origin in settings.cors_origins:
        if not _is_origin(origin):
            table.fail("cors_origins", f"holds {origin!r}; an origin is https://host or http://host:port, or *")
    for proxy in settings.trusted_proxies:
        if not _is_network(proxy):
            table.fail("trusted_proxies", f"holds {proxy!r}; a proxy is an address or a network such as 10.0.0.0/8")


def _is_origin(origin: str) -> bool:
    parts = urlsplit(origin)
    is_plain = parts.scheme in {"http", "https"} and parts.hostname and origin == f"{parts.scheme}://{parts.netloc}"
    return origin == "*" or bool(is_plain)


def _is_network(text: str) -> bool:
    try:
        ipaddress.ip_network(text, strict=False)
    except ValueError:
        return False
    return True


def read_store(table: Table) -> StoreSettings:
    usual = StoreSettings()
    settings = StoreSettings(
        url=table.text("url", usual.url),
        durability=table.text("durability", usual.durability, ("process", "power")),
    )
    table.close()
    # The value may hold a password, so the message does not show it.
    if not settings.url.startswith(("sqlite:///", "postgresql://")):
        table.fail("url", "begins with neither sqlite:/// (a file) nor postgresql:// (a server)")
    if settings.url == "sqlite:///":
        table.fail("url", "names no file; write sqlite:///parley.db, or sqlite:////var/lib/parley.db from the root")
    return settings


def read_limiter(table: Table) -> LimiterSettings:
    usual = LimiterSettings()
    settings = LimiterSettings(
        url=table.text("url", usual.url),
        on_failure=table.text("on_failure", usual.on_failure, ("closed", "open")),
    )
    table.close()
    if settings.url != "memory://" and not settings.url.startswith(("redis://", "rediss://")):
        table.fail("url", "begins with neither memory:// nor redis:// or rediss:// (Redis or Valkey)")
    return settings


def check_workers(table: Table, server: ServerSettings, limiter: LimiterSettings) -> None:
    """Refuse several workers that each count requests by themselves; `table` is [server]."""
    if server.workers > 1 and limiter.url == "memory://":
        table.fail(
            "workers",
            f"is {server.workers} while limiter.url is memory://: each worker would count by itself and let through "
            f"{server.workers} times a key's limit; name a shared limiter, such as redis://host:6379/0, or set 1",
        )


def read_defaults(table: Table) -> PanelSettings:
    usual = PanelSettings()
    settings = PanelSettings(
        summary_model=table.text("summary_model", usual.summary_model),
        comparison_model=table.text("comparison_model", usual.comparison_model),
        timeout_ms=table.integer("timeout_ms", usual.timeout_ms, 1, _LONGEST_MS),
        connect_timeout_ms=table.integer("connect_timeout_ms", usual.connect_timeout_ms, 1, _LONGEST_MS),
        first_token_timeout_ms=table.integer("first_token_timeout_ms", usual.first_token_timeout_ms, 1, _LONGEST_MS),
        stall_timeout_ms=table.integer("stall_timeout_ms", usual.stall_timeout_ms, 1, _LONGEST_MS),
        hold_output_tokens=table.integer("hold_output_tokens", usual.hold_output_tokens, 1, 10_000_000),
    )
    table.close()
    return settings


def read_retention(table: Table) -> RetentionSettings:
    usual = RetentionSettings()
    settings = RetentionSettings(
        content=table.flag("content", usual.content), days=table.integer("days", usual.days, 1, 36_500)
    )
    table.close()
    return settings


def read_telemetry(table: Table) -> TelemetrySettings:
    settings = TelemetrySettings(otlp_endpoint=table.text("otlp_endpoint"))
    table.close()
    endpoint = settings.otlp_endpoint
    if endpoint and not endpoint.startswith(("http://", "https://")):
        table.fail("otlp_endpoint", f"is {endpoint!r}; it is an address such as http://127.0.0.1:4318, or empty")
    return settings
