"""/v1/providers described: settings and health of each provider, checks and their findings."""

from collections.abc import Mapping

from parley.domain.json import JsonObject
from reference.answers import answer
from reference.errors import pick
from reference.keys import moment
from reference.operations import BODY, KEYED, Operation
from reference.requests import Notes
from reference.shapes import array, count, flag, nullable, number, record, ref, text, words

BODIES: Mapping[str, Notes] = {
    "CheckBody": {"providers": {"description": "Names of the providers to check; null or absent: all of them."}},
}


def operations() -> tuple[Operation, ...]:
    """Return the endpoints of /v1/providers."""
    return (
        Operation(
            "get",
            "/v1/providers",
            "Operations",
            "listProviders",
            "See how the providers are doing",
            "Settings without secrets, and health as this server process has seen it. Ours.",
            {"200": answer(ref("ProviderList"), "The providers."), **pick(*KEYED, "AdminOnly")},
        ),
        Operation(
            "post",
            "/v1/providers/check",
            "Operations",
            "checkProviders",
            "Check providers",
            "Asks each for its list of models, which costs nothing, for 10 seconds at most, and says what was found "
            "and what to do about it. No model is called. Ours.",
            {"200": answer(ref("ProviderChecks"), "What was found."), **pick(*BODY, "InvalidRequest422", "AdminOnly")},
            "CheckBody",
        ),
    )


def schemas() -> JsonObject:
    """Return the components of providers."""
    listed: JsonObject = {
        "window_s": count("Seconds that `calls` and `failures` look back.", 1),
        "providers": array(ref("Provider"), "The providers, in the order of the configuration."),
    }
    return {
        "ProviderList": record("Every configured provider.", listed),
        "Provider": record("A provider: how it is set, and how it is doing.", _provider()),
        "ProviderFailure": record("A call that failed.", _failure()),
        "Breaker": record("The circuit breaker of one model.", _breaker()),
        "ProviderChecks": record("What checks have found.", {"checks": array(ref("ProviderCheck"), "One for each.")}),
        "ProviderCheck": record("What was found about one provider.", _check()),
        "Finding": record("One thing that was found.", _finding()),
    }


def _provider() -> JsonObject:
    key: JsonObject = {
        "env": text("The variable that holds the key."),
        "set": flag("Whether it does."),
    }
    return {
        "name": text("The provider's name."),
        "dialect": words(["openai", "anthropic", "gemini", "sandbox", "replay"], "The API that it speaks."),
        "base_url": nullable(text("Its address; null: it is no server.")),
        "is_local": flag("Whether it is on this machine."),
        "api_key": nullable(record("Its key, never shown; null: none is wanted.", key)),
        "max_concurrency": nullable(count("Most calls at once; null: no bound.", 1)),
        "model_count": count("How many models of it are listed here."),
        "state": words(
            ["ok", "failing", "unknown"],
            "`ok`: its newest call went well; `failing`: it failed, or a breaker is open; `unknown`: no call since "
            "the start.",
        ),
        "in_flight": count("Calls that run now."),
        "calls": count("Calls that ended within the window."),
        "failures": count("How many of them failed by the provider's fault."),
        "last_success_at": nullable(moment("When a call last went well.")),
        "last_failure": nullable(ref("ProviderFailure", "The newest failure by its fault.")),
        "breakers": array(ref("Breaker"), "Of the models that failed of late."),
    }


def _failure() -> JsonObject:
    return {
        "at": moment("When it ended."),
        "model": text("The model, by the provider's name."),
        "error_code": text("Why, as in a seat's `error_code`."),
        "error": text("The sentence for people."),
    }


def _breaker() -> JsonObject:
    return {
        "model": text("The model, by the provider's name."),
        "state": words(["closed", "open", "probing"], "`open`: it is left alone; `probing`: the next call is a test."),
        "failures": count("Failures that it remembers."),
        "probe_in_s": nullable(number("Seconds until the next call is let through; null: it is closed.")),
    }


def _check() -> JsonObject:
    return {
        "provider": text("The provider's name."),
        "status": words(["ok", "warning", "error"], "The gravest that was found; a note is no complaint."),
        "duration_ms": count("How long it took."),
        "listed_models": nullable(count("How many models it named; null: it was not, or could not be asked.")),
        "findings": array(ref("Finding"), "What was found; empty: all is well."),
    }


def _finding() -> JsonObject:
    return {
        "severity": words(["error", "warning", "note"], "How grave it is."),
        "code": text("What it is, as a slug.", "host_unknown"),
        "message": text("What was found."),
        "next_step": nullable(text("What to do next.")),
    }
