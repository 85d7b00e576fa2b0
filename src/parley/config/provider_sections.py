"""`[providers.NAME]`: where models are called. Known vendors fill in what a section leaves out; without any section the
environment's keys switch providers on. Secrets are read here from their variables and go nowhere but into settings.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import urlsplit

from parley.catalog.vendors import VENDORS, Vendor, find_vendor
from parley.config.document import ConfigError, Table, nearest
from parley.config.sections import is_loopback
from parley.domain.models import Dialect
from parley.domain.settings import ProviderSettings, Quirks

SANDBOX = "sandbox"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_KEY_LENGTH = 20
_OVER_HTTP = (Dialect.OPENAI, Dialect.ANTHROPIC, Dialect.GEMINI)


@dataclass(slots=True)
class Notes:
    """What the server says at start: the configuration is usable, but something in it will not work."""

    sentences: list[str] = field(default_factory=list)


def read_providers(sections: Mapping[str, Table], environ: Mapping[str, str], notes: Notes) -> list[ProviderSettings]:
    """Return the providers of the file, or those that the environment switches on, and always the sandbox."""
    if sections:
        providers = [_read_provider(name, table, environ, notes) for name, table in sections.items()]
    else:
        providers = [_from_vendor(vendor, environ) for vendor in VENDORS if _has_key(vendor, environ)]
    if all(provider.name != SANDBOX for provider in providers):
        providers.append(ProviderSettings(SANDBOX, Dialect.SANDBOX, is_local=True))
    speed = _sandbox_speed(environ)
    if speed is not None:
        providers = [replace(each, tokens_per_s=speed) if each.name == SANDBOX else each for each in providers]
    return providers


def _has_key(vendor: Vendor, environ: Mapping[str, str]) -> bool:
    return bool(vendor.api_key_env and environ.get(vendor.api_key_env, "").strip())


def _from_vendor(vendor: Vendor, environ: Mapping[str, str]) -> ProviderSettings:
    return ProviderSettings(
        vendor.name,
        vendor.dialect,
        vendor.base_url,
        environ[vendor.api_key_env].strip(),
        vendor.api_key_env,
        quirks=vendor.quirks,
    )


def _sandbox_speed(environ: Mapping[str, str]) -> float | None:
    text = environ.get("SANDBOX_TPS", "").strip()
    if not text:
        return None
    if not re.fullmatch(r"\d{1,9}(\.\d+)?", text):
        raise ConfigError(f"SANDBOX_TPS is {text!r}; it is tokens per second, such as 100, or 0 for at once")
    return float(text)


def _read_provider(name: str, table: Table, environ: Mapping[str, str], notes: Notes) -> ProviderSettings:
    _check_provider_name(name, table)
    vendor = find_vendor(name)
    dialect = _read_dialect(name, table, vendor)
    base_url = _read_base_url(table, dialect, vendor)
    key_env = table.text("api_key_env", vendor.api_key_env if vendor and vendor.api_key_env else "")
    speed = table.number("tps", -1, 0, 1_000_000_000) if table.has("tps") else None
    settings = ProviderSettings(
        name=name,
        dialect=dialect,
        base_url=base_url,
        api_key=_read_key(table, name, key_env, environ, notes),
        api_key_env=key_env,
        max_concurrency=table.integer("max_concurrency", 0, 0, 100_000),
        headers=_read_headers(table.table("headers"), name, environ, notes),
        ca_file=_read_path(table, "ca_file"),
        proxy=table.text("proxy"),
        path=_read_path(table, "path"),
        tokens_per_s=speed,
        quirks=_quirks_of(name, base_url),
        is_local=dialect not in _OVER_HTTP or is_loopback(urlsplit(base_url).hostname or ""),
    )
    table.close()
    _check_fit(table, settings)
    return settings


def _check_provider_name(name: str, table: Table) -> None:
    around = Table(table.document, table.path[:-1], {})
    if not _NAME.fullmatch(name):
        around.fail(name, "is no name for a provider; use letters, digits, '.', '_' and '-', without a slash")
    if name == "panel":
        around.fail(name, "is taken: models named panel/… are the panels of this file; choose another name")


def _read_dialect(name: str, table: Table, vendor: Vendor | None) -> Dialect:
    usual = SANDBOX if name == SANDBOX else vendor.dialect.value if vendor else ""
    choices = tuple(dialect.value for dialect in Dialect)
    if not usual and not table.has("dialect"):
        table.fail("dialect", f"is missing; it is one of {', '.join(choices)}")
    dialect = Dialect(table.text("dialect", usual, choices))
    if name == SANDBOX and dialect is not Dialect.SANDBOX:
        table.fail("dialect", f"is {dialect.value!r}; the name sandbox is reserved for dialect 'sandbox'")
    return dialect


def _read_base_url(table: Table, dialect: Dialect, vendor: Vendor | None) -> str:
    usual = vendor.base_url if vendor and vendor.dialect is dialect else ""
    url = table.text("base_url", usual).rstrip("/")
    if dialect not in _OVER_HTTP:
        if url:
            table.fail("base_url", f"has no meaning for dialect {dialect.value}; leave it out")
        return ""
    if not url:
        table.fail("base_url", f"is missing; it is the provider's address, such as {_example_of(dialect)}")
    _check_url(table, url)
    if dialect is not Dialect.OPENAI and re.search(r"/v1(beta|alpha)?$", url):
        bare = url.rpartition("/")[0]
        table.fail("base_url", f"is {url!r}; for dialect {dialect.value} it stands without a version: {bare!r}")
    return url


def _check_url(table: Table, url: str) -> None:
    try:
        parts = urlsplit(url)
        is_whole = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_whole = False
    if not is_whole:
        table.fail("base_url", f"is {url!r}; it begins with https:// or http:// and names a host")
    if parts.username or parts.password:
        table.fail("base_url", "holds a name or password; name the key's variable in api_key_env instead")
    if parts.query or parts.fragment:
        table.fail("base_url", f"is {url!r}; it ends with its path, without ? and #")


def _example_of(dialect: Dialect) -> str:
    return next((vendor.base_url for vendor in VENDORS if vendor.dialect is dialect), "https://host/v1")


def _read_key(table: Table, provider: str, key_env: str, environ: Mapping[str, str], notes: Notes) -> str | None:
    if not key_env:
        return None
    key = environ.get(key_env, "").strip()
    if not _VARIABLE.fullmatch(key_env) or (not key and _looks_like_key(key_env)):
        table.fail("api_key_env", "is no name of a variable; it holds the name, such as OPENAI_API_KEY, never the key")
    if not key:
        notes.sentences.append(
            f"provider {provider}: the variable {key_env} is not set; calls go out without a key and will most "
            f'likely fail with authentication. Set {key_env}, or api_key_env = "" if none is needed'
        )
        return None
    if not key.isascii() or not key.isprintable():
        table.fail("api_key_env", f"names {key_env}, which holds characters that no header can carry; set it anew")
    return key


def _looks_like_key(text: str) -> bool:
    return len(text) >= _KEY_LENGTH and text.upper() != text


def _read_headers(table: Table, provider: str, environ: Mapping[str, str], notes: Notes) -> tuple[tuple[str, str], ...]:
    found = []
    for name, value in table.values.items():
        if not _HEADER_NAME.fullmatch(name):
            table.fail(name, "is no name of a header; use letters, digits and '-'")
        text: object = value
        if isinstance(value, dict) and list(value) == ["env"] and isinstance(value["env"], str):
            text = environ.get(value["env"])
            if text is None:
                notes.sentences.append(
                    f"provider {provider}: the variable {value['env']} is not set; header {name} is left out"
                )
                continue
        if not isinstance(text, str):
            table.fail(name, 'is neither text nor { env = "NAME" }')
        if not text.isascii() or not text.isprintable():
            table.fail(name, "holds a control or non-ASCII character, which no header can carry")
        found.append((name, text))
    return tuple(found)


def _read_path(table: Table, key: str) -> str:
    """Return the path of an existing file, found from the folder of the configuration; empty when not set."""
    text = table.text(key)
    if not text:
        return ""
    path = Path(table.document.folder, text)
    if not path.is_file():
        table.fail(key, f"is {text!r}; there is no such file at {path}")
    return str(path)


def _quirks_of(name: str, base_url: str) -> Quirks:
    """Return the quirks of the vendor behind the address, else of the one with the provider's name."""
    vendor = find_vendor(name, base_url)
    return vendor.quirks if vendor else Quirks()


def _check_fit(table: Table, settings: ProviderSettings) -> None:
    """Refuse settings that the provider's dialect has no use for, and the lack of one that it needs."""
    if settings.dialect is Dialect.REPLAY and not settings.path:
        table.fail("path", "is missing; dialect replay answers from a file, such as answers.jsonl.gz")
    if settings.dialect is not Dialect.REPLAY and settings.path:
        table.fail("path", f"belongs to dialect replay; leave it out for {settings.dialect.value}")
    if settings.dialect in _OVER_HTTP and settings.tokens_per_s is not None:
        table.fail("tps", f"belongs to dialects sandbox and replay; leave it out for {settings.dialect.value}")
    if settings.proxy and urlsplit(settings.proxy).scheme not in {"http", "https"}:
        table.fail("proxy", "begins with neither http:// nor https://; leave it empty for HTTPS_PROXY and NO_PROXY")


def check_provider(name: str, known: list[str], table: Table, key: str) -> None:
    """Refuse the name of a provider that is not configured."""
    if name not in known:
        table.fail(key, f"names provider {name!r}, which is not configured{nearest(name, known)}")
