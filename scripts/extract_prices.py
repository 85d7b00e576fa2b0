"""Write src/parley/catalog/data/prices.json from the package `genai-prices`, which the server itself never imports.

Run it where that package is installed: `pip install genai-prices && python scripts/extract_prices.py`. Every name in
the package's rules is looked up both ways before anything is written; a difference stops the script.
"""

import json
import re
import sys
from datetime import date
from decimal import Decimal
from importlib.metadata import version
from pathlib import Path
from typing import Any

from genai_prices import types
from genai_prices.data import providers

TARGET = Path(__file__).parent.parent / "src/parley/catalog/data/prices.json"
KEPT = ("openai", "anthropic", "google", "mistral", "groq", "x-ai", "deepseek", "openrouter", "together")
RATE_NAMES = {
    "input_mtok": "input",
    "output_mtok": "output",
    "cache_read_mtok": "cache_read",
    "cache_write_mtok": "cache_write",
}
# Prices of other things than text in and text out: a model that has one of them can't be billed by tokens alone.
UNBILLABLE = re.compile(r"output_(audio|image|video|reasoning)|hours|mchars|kpages|text_messages|requests")
# Models that the chat endpoint does not serve, by name: other media, other endpoints, retired completions.
NOT_CHAT = re.compile(
    r"embed|-tts|tts-|transcri|whisper|realtime|-audio|-live|-image|image-|moderation|ocr|orpheus|computer-use|codex"
    r"|deep-research|search-api|native-audio|robotics|omni|nano-banana|voice|prompt-guard|lyria|:batch|^ft:|\.ft-"
    r"|^(ada|babbage|curie|davinci|text-davinci|babbage-002|davinci-002)|gpt-3\.5-turbo-instruct|^o\d-pro|^gpt-[\d.]+-pro"
    r"|^text-|:extended|^claude-(v1|2|3)|^o1-(mini|preview)|^gpt-4\.5|^chatgpt-4o|^gpt-3\.5-(0301|turbo-)|^gpt-4-(32k|vision)",
)


def text_of(amount: Decimal) -> str:
    """Return `amount` without an exponent and without needless zeros."""
    plain = format(amount, "f")
    return plain.rstrip("0").rstrip(".") if "." in plain else plain


def rates_of(prices: types.ModelPrice) -> dict[str, Any] | None:
    """Return the rates of text tokens, None where the source bills by something else or does not say."""
    known = {name: value for name, value in vars(prices).items() if value is not None}
    if any(UNBILLABLE.search(name) for name in known):
        return None
    if not known:
        return {"input": "0", "output": "0"}
    if "input_mtok" not in known or "output_mtok" not in known:
        return None
    rates: dict[str, Any] = {}
    starts: set[int] = set()
    for source, ours in RATE_NAMES.items():
        value = known.get(source)
        if isinstance(value, types.TieredPrices):
            starts |= {tier.start for tier in value.tiers}
            rates[ours] = text_of(value.base)
        elif value is not None:
            rates[ours] = text_of(value)
    if starts:
        rates["tiers"] = [{"above": start, **tier_of(known, start)} for start in sorted(starts)]
    return rates


def tier_of(known: dict[str, Any], start: int) -> dict[str, str]:
    """Return every rate as it stands once the input passes `start`."""
    found = {}
    for source, ours in RATE_NAMES.items():
        value = known.get(source)
        if isinstance(value, types.TieredPrices):
            reached = [tier.price for tier in value.tiers if tier.start <= start]
            found[ours] = text_of(reached[-1] if reached else value.base)
        elif value is not None:
            found[ours] = text_of(value)
    return found


def change_of(conditional: types.ConditionalPrice) -> dict[str, Any]:
    """Return one later price: from a day on, or between two times of the day (UTC)."""
    rates = rates_of(conditional.prices)
    match conditional.constraint:
        case types.StartDateConstraint(start_date=start):
            return {"from": start.isoformat(), "rates": rates}
        case types.TimeOfDateConstraint(start_time=start, end_time=end):
            return {"hours_utc": [start.strftime("%H:%M"), end.strftime("%H:%M")], "rates": rates}
    sys.exit(f"a condition of unknown kind: {conditional.constraint!r}")


def lookahead(clause: Any) -> str:
    """Return `clause` as a condition on the text from its start."""
    match clause:
        case types.ClauseEquals(equals=text):
            return f"(?={re.escape(text.lower())}$)"
        case types.ClauseStartsWith(starts_with=text):
            return f"(?={re.escape(text.lower())})"
        case types.ClauseContains(contains=text):
            return f"(?=.*{re.escape(text.lower())})"
        case types.ClauseEndsWith(ends_with=text):
            return f"(?=.*{re.escape(text.lower())}$)"
        case types.ClauseRegex(regex=pattern):
            return f"(?={pattern[1:]})" if pattern.startswith("^") else f"(?=.*(?:{pattern}))"
        case types.ClauseAnd(and_=clauses):
            return "".join(lookahead(each) for each in clauses)
    sys.exit(f"a clause of unknown kind: {clause!r}")


def spread(clause: Any, row: dict[str, Any]) -> None:
    """Add `clause` to the alternatives of `row`: whole names, beginnings, regular expressions."""
    match clause:
        case types.ClauseOr(or_=clauses):
            for each in clauses:
                spread(each, row)
        case types.ClauseEquals(equals=text):
            row["equals"].append(text.lower())
        case types.ClauseStartsWith(starts_with=text):
            row["starts_with"].append(text.lower())
        case types.ClauseRegex(regex=pattern):
            row["regex"].append(pattern)
        case _:
            row["regex"].append("^" + lookahead(clause))


def is_listed(provider: str, model: types.ModelInfo, rates: dict[str, Any] | None) -> bool:
    """Whether the model belongs into a listing of models that the chat endpoint can call."""
    if rates is None or model.deprecated or NOT_CHAT.search(model.id.lower()):
        return False
    if provider == "google":
        return model.id.startswith(("gemini-2", "gemini-3", "gemini-4"))
    if provider == "openai" and model.id.startswith("gpt-oss"):
        return False
    is_openrouter_name = "/" in model.id
    return is_openrouter_name if provider == "openrouter" else ":free" not in model.id


def row_of(provider: str, model: types.ModelInfo) -> dict[str, Any]:
    """Return one model as it goes into the file; empty fields are left out."""
    row: dict[str, Any] = {"id": model.id, "name": model.name, "equals": [], "starts_with": [], "regex": []}
    spread(model.match, row)
    if model.context_window:
        row["context_window"] = model.context_window
    if isinstance(model.prices, list):
        row["rates"] = rates_of(model.prices[0].prices)
        row["changes"] = [change_of(each) for each in model.prices[1:]]
    else:
        row["rates"] = rates_of(model.prices)
    if not is_listed(provider, model, row["rates"]):
        row["unlisted"] = True
    return {key: value for key, value in row.items() if value not in (None, [])}


def found_by_us(rows: list[dict[str, Any]], name: str) -> str | None:
    """Return the id of the row that the server will take: a whole name before anything else, then file order."""
    for row in rows:
        if name in row.get("equals", []):
            return str(row["id"])
    for row in rows:
        starts = tuple(row.get("starts_with", ()))
        if (starts and name.startswith(starts)) or any(re.search(each, name) for each in row.get("regex", ())):
            return str(row["id"])
    return None


def check(provider: types.Provider, rows: list[dict[str, Any]]) -> None:
    """Stop unless every name in the file leads to the row that the source finds for it."""
    names = {name for row in rows for key in ("equals", "starts_with") for name in row.get(key, ())}
    for name in sorted(names | {model.id.lower() for model in provider.models}):
        theirs = provider.find_model(name)
        ours = found_by_us(rows, name)
        if ours != (theirs.id if theirs else None):
            sys.exit(f"{provider.id}: {name} is {ours} here and {theirs.id if theirs else None} in the source")


def name_as_called(row: dict[str, Any], rows: list[dict[str, Any]]) -> None:
    """Let `id` be a name that the vendor's own rules know: some of the source's ids are names of families only."""
    if found_by_us(rows, row["id"].lower()) == row["id"]:
        return
    names = row.get("equals", [])
    if names:
        row["id"] = next((name for name in names if name.endswith("-latest")), names[0])
    else:
        row["unlisted"] = True


def main() -> None:
    kept: dict[str, list[dict[str, Any]]] = {}
    for provider in sorted(providers, key=lambda each: each.id):
        if provider.id in KEPT:
            kept[provider.id] = [row_of(provider.id, model) for model in provider.models]
            check(provider, kept[provider.id])
            for row in kept[provider.id]:
                name_as_called(row, kept[provider.id])
    head = {
        "source": "genai-prices (MIT), https://github.com/pydantic/genai-prices",
        "version": version("genai-prices"),
        "date": date.today().isoformat(),
        "unit": "US dollars for a million tokens",
    }
    lines = [f'"{key}":{json.dumps(value)}' for key, value in head.items()]
    lists = []
    for name, rows in kept.items():
        body = ",\n".join(json.dumps(row, separators=(",", ":"), ensure_ascii=False) for row in rows)
        lists.append(f'"{name}":[\n{body}\n]')
    TARGET.write_text("{" + ",\n".join(lines) + ',\n"providers":{' + ",\n".join(lists) + "}}\n", encoding="utf-8")
    print(f"{TARGET}: {sum(map(len, kept.values()))} models, {TARGET.stat().st_size} bytes")


if __name__ == "__main__":
    main()
