"""What a panel came to, as a tool's result: texts for the model that reads it, and the API's own answer as structure.

The texts are one for what it came to, one for each seat, and one with the costs: what one model wrote can't run into
what another did. They say all that the structure says that a reader could need, so it does not come twice as text.
"""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import cast

import msgspec

from parley.domain.errors import ParleyError
from parley.domain.run import Answer, PanelResult, Vote, VoteCount
from parley.wire.encoding import Wire, WireObject, encode_json
from parley.wire.mcp.tools import PanelTool
from parley.wire.problems import Problem, problem_of

_NEXT = {
    "model_not_found": "Call list_models for the names that can be asked.",
    "validation_error": "Mend the argument and call again.",
    "forbidden": "Ask other models, or have whoever runs this server allow it for this key.",
    "spend_limit_exceeded": "Ask fewer models or set a lower max_tokens; the server's operator can raise the cap.",
    "all_models_failed": "Ask other models (list_models names them), or call again later; timeout_ms allows more time.",
    "internal_error": "Call again; if it stays so, tell whoever runs this server.",
}
"""What to do about a refusal, by its code; the others say when to come back."""


def panel_result(tool: PanelTool, result: PanelResult, body: bytes) -> WireObject:
    """Return the result of a panel that answered; `body` is the API's answer."""
    head = {"vote": _vote, "compare": _comparison}.get(tool.name, _merged)(result)
    seats = [_seat(result, answer) for answer in result.answers]
    if tool.name == "vote":
        seats = ["\n".join(seats)]
    return _result([head, *seats, _footer(result)], _structure(tool, body))


def models_result(found: WireObject) -> WireObject:
    """Return the result of list_models; `found` is a page of the search."""
    items = cast(list[WireObject], found["items"])
    lines = [_model_line(item) for item in items]
    head = f"{len(items)} of {found['total']} models; the first word of each line is its name for the other tools."
    return _result(["\n".join([head, *lines])], found)


def refusal_result(error: ParleyError) -> WireObject:
    """Return the result of a call that was refused before any model was asked."""
    return problem_result(problem_of(error, 422))


def problem_result(problem: Problem) -> WireObject:
    """Return the result of a call that came to nothing: why, and what to do next."""
    lines = [problem.message]
    for row in problem.details if problem.code == "all_models_failed" else ():
        lines.append(f"{row['model']}: {row['error']}")
    wait_s = problem.retry_after_s
    usual = "Call again later." if wait_s is None else f"Call again in {wait_s} s."
    lines.append(_NEXT.get(problem.code, usual))
    text: list[Wire] = [{"type": "text", "text": "\n".join(lines)}]
    return {"content": text, "isError": True}


def _result(texts: Sequence[str], structure: WireObject) -> WireObject:
    content: list[Wire] = [{"type": "text", "text": text} for text in texts]
    return {"content": content, "structuredContent": structure, "isError": False}


def _structure(tool: PanelTool, body: bytes) -> WireObject:
    """Return the API's answer as it is, to the last digit, but a comparison's completions, whose text it has twice."""
    whole = cast(WireObject, msgspec.json.Decoder(float_hook=Decimal).decode(body))
    if tool.name == "compare":
        for row in cast(list[WireObject], whole["results"]):
            row.pop("response_body", None)
    return whole


def _merged(result: PanelResult) -> str:
    verdict = result.verdict
    said = verdict.text if result.request.output is None or verdict.text is None else _json(verdict.value)
    if verdict.judge is not None and verdict.failure is None and said is not None:
        cut = " The answers were cut to fit." if verdict.is_truncated else ""
        return f"{verdict.judge.model} merged {_answered(result)}.{cut}\n\n{said}"
    answered = f"{sum(answer.failure is None for answer in result.answers)} of {len(result.answers)} models answered"
    if verdict.failure is not None:
        broken = f"{answered}, but merging them failed: {verdict.failure.message}"
        return f"{broken}\n\n{said}" if said else f"{broken} They follow as they are."
    if said is not None:
        return f"{answered}, so there was nothing to merge.\n\n{said}"
    return f"{answered}; not merged, as they follow."


def _vote(result: PanelResult) -> str:
    verdict, vote = result.verdict, result.verdict.vote
    if vote is None or verdict.text is None:
        return f"{_answered(result)}; there is no winner."
    lines = [f"Winner: {verdict.text}", "", *_tally(result, vote)]
    valid = sum(count.votes for count in vote.tally)
    if vote.is_tie:
        by = "by the judge" if vote.tie_break == "judge" else "for the choice of the earliest seat"
        lines += ["", f"A tie, settled {by}."]
    elif vote.share < 1:
        lines += ["", f"Not unanimous: {vote.share:.0%} of {valid} valid votes."]
    else:
        lines += ["", f"Unanimous, {valid} valid vote{'' if valid == 1 else 's'}."]
    return "\n".join(lines)


def _tally(result: PanelResult, vote: VoteCount) -> Iterator[str]:
    names = _names(result)
    for count in sorted(vote.tally, key=lambda one: -one.votes):
        voters = ", ".join(names[seat] for seat in count.seats)
        yield f"{count.votes} for {count.choice}{': ' + voters if voters else ''}"


def _comparison(result: PanelResult) -> str:
    verdict = result.verdict
    if verdict.text is not None and verdict.judge is not None:
        broken = f" It broke off: {verdict.failure.message}" if verdict.failure else ""
        return f"{verdict.judge.model} compared {_answered(result)}.{broken}\n\n{verdict.text}"
    why = f": {verdict.failure.message}" if verdict.failure else "."
    return f"{_answered(result)}; there is no evaluation{why}"


def _answered(result: PanelResult) -> str:
    count = sum(answer.failure is None for answer in result.answers)
    return f"{count} of {len(result.answers)} answers"


def _seat(result: PanelResult, answer: Answer) -> str:
    name = _names(result)[answer.seat_index]
    if answer.failure is not None:
        return f"{name} failed ({answer.failure.code.value}): {answer.failure.message}"
    told = [
        f"{answer.duration_ms / 1000:.1f} s",
        "cost not known" if answer.cost_usd is None else _usd(answer.cost_usd),
    ]
    if answer.is_cached:
        told.append("from the cache")
    if answer.schema is not None and not answer.schema.is_valid:
        told.append(f"does not fit output_schema: {answer.schema.error}")
    told += answer.warnings
    end = " " if isinstance(result.request.resolution, Vote) else "\n\n"
    return f"{name} ({'; '.join(told)}):{end}{_said(result, answer)}"


def _said(result: PanelResult, answer: Answer) -> str:
    resolution = result.request.resolution
    if isinstance(resolution, Vote) and answer.choice_index is not None:
        return resolution.choices[answer.choice_index]
    is_value = answer.schema is not None and answer.schema.is_valid
    return _json(answer.schema.value) if is_value and answer.schema else answer.text


def _footer(result: PanelResult) -> str:
    cost = _usd(result.cost_usd) + ("" if result.is_cost_complete else " and what has no known price")
    lines = [f"Cost {cost}, {result.duration_ms / 1000:.1f} s, trace {result.trace_id}."]
    lines += _differences(result)
    return "\n".join(lines)


def _differences(result: PanelResult) -> Iterator[str]:
    """Yield how answers that fit a schema differ, field by field: texts can't be held against each other so."""
    valid = [answer for answer in result.answers if answer.schema is not None and answer.schema.is_valid]
    values = [answer.schema.value for answer in valid if answer.schema is not None]
    if len(values) < 2:
        return
    objects = [value for value in values if isinstance(value, dict)]
    if len(objects) < len(values):
        yield "All valid answers agree." if all(value == values[0] for value in values) else "The answers differ."
        return
    fields = list(dict.fromkeys(name for value in objects for name in value))
    differing = [name for name in fields if any(value.get(name) != objects[0].get(name) for value in objects)]
    yield f"The answers differ in: {', '.join(differing)}." if differing else "All valid answers agree."


def _names(result: PanelResult) -> list[str]:
    """Return each seat's name, told apart where a model sits more than once."""
    models = [seat.model for seat in result.request.seats]
    return [f"{one} (seat {index})" if models.count(one) > 1 else one for index, one in enumerate(models)]


def _model_line(item: WireObject) -> str:
    pricing = cast(WireObject, item["pricing"])
    paid = f"${pricing['prompt_usd_per_1m']} in, ${pricing['completion_usd_per_1m']} out per million tokens"
    price = "free" if item["is_free"] else paid if pricing["prompt_usd_per_1m"] is not None else "price not known"
    context = f"{item['context_length']} tokens of context" if item["context_length"] else "context not known"
    program = ", a program and no language model" if item.get("sandbox") else ""
    return f"{item['id']}: {context}, {price}{program}"


def _usd(amount: Decimal) -> str:
    return f"${amount.normalize():f}"


def _json(value: object) -> str:
    return encode_json(cast(Wire, value)).decode()
