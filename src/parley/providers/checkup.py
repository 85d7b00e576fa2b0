"""Whether a provider can be reached as it is set, without a call that costs anything: its list of models is asked for.

Never raises for what may go wrong out there: every fault is a Finding with the next step. No secret stands in one.
"""

import difflib
import errno
import socket
import ssl
import time
from collections.abc import Callable, Sequence
from email.utils import parsedate_to_datetime

from parley.domain.checkup import Checkup, Finding, error, note, warning
from parley.domain.errors import UpstreamFailure
from parley.domain.models import Dialect
from parley.domain.settings import ProviderSettings
from parley.providers.connection import Disconnected, NotHttp
from parley.providers.dialing import ProxyRefused
from parley.providers.listing import Listing, ListsModels
from parley.providers.provider import Provider

CHECK_TIMEOUT_S = 10.0
_MOST_SKEW_S = 60
_MOST_NAMED = 3


async def check_provider(
    settings: ProviderSettings,
    provider: Provider,
    wanted: Sequence[str],
    timeout_s: float = CHECK_TIMEOUT_S,
    now: Callable[[], float] = time.time,
) -> Checkup:
    """Return what was found within `timeout_s`. `wanted`: the models that the configuration expects there.

    `now` gives seconds since 1970.
    """
    if not isinstance(provider, ListsModels):
        return Checkup(settings.name, (_built_in(settings),))
    started = time.perf_counter()
    key = _missing_key(settings)
    findings = [key] if key is not None else []
    listed = None
    try:
        listing = await provider.list_models(timeout_s)
    except UpstreamFailure as failure:
        if key is None or not _speaks_of_the_key(failure):
            findings.append(_finding_of(failure, settings))
    else:
        listed = len(listing.models)
        findings += [*_missing_models(listing, wanted), *_clock_skew(listing.date, now())]
    return Checkup(settings.name, tuple(findings), round((time.perf_counter() - started) * 1000), listed)


def _built_in(settings: ProviderSettings) -> Finding:
    if settings.dialect is Dialect.REPLAY:
        return note("recorded", "It answers from a file that was read at the start; there is nothing to reach.")
    return note("built_in", "It is part of Parley; there is nothing to reach.")


def _missing_key(settings: ProviderSettings) -> Finding | None:
    if not settings.api_key_env or settings.api_key:
        return None
    name = settings.api_key_env
    return error(
        "key_missing",
        f"The variable {name} is not set, so calls go out without a key.",
        f'Set {name} where the server starts and restart it, or api_key_env = "" if none is needed.',
    )


def _speaks_of_the_key(failure: UpstreamFailure) -> bool:
    return failure.status in {401, 403}


def _finding_of(failure: UpstreamFailure, settings: ProviderSettings) -> Finding:
    if failure.status is not None:
        return _refused_with(failure, failure.status, settings)
    message = _sentence(failure.failure.message)
    match failure.__cause__:
        case ProxyRefused():
            return error("proxy_refused", message, _proxy_step(settings))
        case NotHttp():
            return error("not_http", message, f"See whether base_url ({settings.base_url}) names the right port.")
        case ssl.SSLError() as cause:
            return _untrusted(cause, settings)
        case socket.gaierror():
            host = settings.base_url
            step = f"Look for a slip in base_url ({host}), and whether this machine's DNS works."
            return error("host_unknown", message, step)
        case TimeoutError():
            step = (
                f"See whether a firewall stands before {settings.base_url}; a proxy is set with proxy, or HTTPS_PROXY."
            )
            return error("no_answer", message, step)
        case Disconnected():
            return error(
                "closed", message, f"See whether base_url ({settings.base_url}) wants https:// or another port."
            )
        case OSError(errno=errno.ECONNREFUSED):
            return error("refused", message, f"Start what should listen at {settings.base_url}, or mend base_url.")
        case None | ValueError() | RecursionError():
            return error("wrong_place", message, _where_to_look(settings))
        case _:
            step = f"See whether {settings.base_url} is right and this machine is online."
            return error("unreachable", message, step)


def _refused_with(failure: UpstreamFailure, status: int, settings: ProviderSettings) -> Finding:
    message = _sentence(failure.failure.message)
    name = settings.api_key_env
    if status in {401, 403}:
        step = f"Check the key in {name}." if name else "It wants a key: set api_key_env in its section."
        return error("key_refused", message, step)
    if status == 404:
        told = f"{settings.name} answered 404 where its list of models should be."
        return warning("not_found", told, _where_to_look(settings))
    if 300 <= status < 400:
        return error("redirect", message, "Set base_url to the address that it leads to.")
    if status == 429:
        return warning(
            "rate_limited", message, "Wait a moment and check again; the address and the way to it are right."
        )
    if status >= 500:
        return error("server_error", message, "The fault is the provider's: see its status page, or check again later.")
    return error("upstream_refused", message, _where_to_look(settings))


def _sentence(text: str) -> str:
    return text if text.endswith((".", "?", "!", ")")) else f"{text}."


def _where_to_look(settings: ProviderSettings) -> str:
    right = {
        Dialect.OPENAI: "for the dialect openai it goes up to and with /v1",
        Dialect.ANTHROPIC: "for the dialect anthropic it stands without a version",
        Dialect.GEMINI: "for the dialect gemini it stands without a version",
    }
    where = f"See whether base_url is right ({settings.base_url}): {right.get(settings.dialect, '')}."
    model = f"{settings.name}/MODEL"
    return f"{where} Some servers have no such list; `parley doctor -m {model}` makes a real call."


def _proxy_step(settings: ProviderSettings) -> str:
    where = "proxy in its section" if settings.proxy else "HTTPS_PROXY and NO_PROXY"
    return f"Check the proxy's address and its credentials ({where})."


def _untrusted(cause: ssl.SSLError, settings: ProviderSettings) -> Finding:
    if isinstance(cause, ssl.SSLCertVerificationError):
        told = f"{settings.name}'s certificate is refused: {cause.verify_message}."
        step = "Name its authority with ca_file, or mend the certificate or the host in base_url."
        return error("certificate", told, step)
    told = f"{settings.name} does not speak TLS as it should ({cause.reason or 'the handshake failed'})."
    return error(
        "tls", told, f"See whether base_url ({settings.base_url}) should begin with http://, or name another port."
    )


def _missing_models(listing: Listing, wanted: Sequence[str]) -> list[Finding]:
    """Return a warning for each configured model that a whole list does not name."""
    if not listing.is_whole or not listing.models:
        return []
    known = frozenset(listing.models)
    missing = [model for model in dict.fromkeys(wanted) if model not in known]
    return [
        warning("model_missing", f"It lists no model {model!r}, which [models] names.", _nearest(model, listing.models))
        for model in missing
    ]


def _nearest(model: str, known: Sequence[str]) -> str:
    near = difflib.get_close_matches(model, known, _MOST_NAMED, 0.6)
    return f"Did you mean {' or '.join(near)}?" if near else "Mend the row, or see the provider's own list."


def _clock_skew(date: str, now_s: float) -> list[Finding]:
    try:
        skew_s = round(now_s - parsedate_to_datetime(date).timestamp())
    except ValueError:
        return []
    if abs(skew_s) <= _MOST_SKEW_S:
        return []
    told = f"This machine's clock is {abs(skew_s)} s {'ahead of' if skew_s > 0 else 'behind'} the provider's."
    step = "Let the clock be set (timedatectl set-ntp true): certificates, daily limits and the ledger go by it."
    return [warning("clock_skew", told, step)]
