"""Chat completions under way: one model's answer, or a panel's verdict in the shape of one."""

from collections.abc import Iterator
from dataclasses import replace
from typing import cast

import msgspec

from parley.domain.errors import FailureCode, SeatFailure
from parley.domain.events import (
    AttemptStarted,
    ConsolidationDelta,
    Event,
    RunFinished,
    SeatDelta,
    SeatReasoning,
    SeatRefusal,
    SeatToolCall,
)
from parley.domain.run import Answer, FinishReason, PanelRequest, PanelResult, SchemaCheck, Verdict, answered
from parley.domain.usage import Usage
from parley.wire.completion import ChunkWriter, encode_completion, own_fields
from parley.wire.encoding import Wire, encode_json
from parley.wire.exchange import DONE, Reply, RequestInfo
from parley.wire.problems import Problem, failed_chat, failed_panel


class ChatExchange:
    """One model, or its fallbacks, under way. A refusal and an empty answer are passed on as the provider gave them."""

    starts_late = True

    def __init__(self, request: PanelRequest, info: RequestInfo, writer: ChunkWriter) -> None:
        self.request = request
        self._info = info
        self._writer = writer

    def reply(self, result: PanelResult) -> Reply:
        answer = result.answers[0]
        if answer.failure is not None:
            return Reply(problem=failed_chat(answer.failure))
        return _reply(self.request, self._info, _as_json(_told(answer)))

    def event(self, event: Event) -> bytes | Problem:
        match event:
            case AttemptStarted(model=model):
                self._writer.model = model
                return b""
            case SeatDelta(text=text):
                return self._writer.text(text)
            case SeatReasoning(text=text):
                return self._writer.delta({"reasoning_content": text})
            case SeatRefusal(text=text):
                return self._writer.delta({"refusal": text})
            case SeatToolCall(call_index=index, call=piece):
                return self._writer.tool_call(index, piece)
            case RunFinished(result=result):
                return self._end(result.answers[0])
            case _:
                return b""

    def error(self, problem: Problem) -> bytes:
        return _error(problem, self._info, self._writer)

    def _end(self, answer: Answer) -> bytes | Problem:
        return self._writer.end(_told(answer)) if answer.failure is None else failed_chat(answer.failure)


class PanelChatExchange:
    """A panel under way as one completion: the consolidation's text, the usage and the cost of all calls."""

    starts_late = True

    def __init__(self, request: PanelRequest, model: str, info: RequestInfo, writer: ChunkWriter) -> None:
        self.request = request
        self._model = model
        self._info = info
        self._writer = writer

    def reply(self, result: PanelResult) -> Reply:
        problem = _panel_problem(result)
        if problem is not None:
            return Reply(problem=problem)
        return _reply(self.request, self._info, _consolidated(result, self._model))

    def event(self, event: Event) -> bytes | Problem:
        match event:
            case ConsolidationDelta(text=text):
                return self._writer.text(text)
            case RunFinished(result=result):
                return _panel_problem(result) or self._end(_consolidated(result, self._model))
            case _:
                return b""

    def error(self, problem: Problem) -> bytes:
        return _error(problem, self._info, self._writer)

    def _end(self, answer: Answer) -> bytes:
        """Where nothing was consolidated, as with one survivor, the whole text comes at the end."""
        text = b"" if self._writer.has_begun else self._writer.delta({"content": answer.text})
        return text + self._writer.end(answer)


def _reply(request: PanelRequest, info: RequestInfo, answer: Answer) -> Reply:
    completion = encode_completion(request.panel_id, info.created_s, answer)
    return Reply(encode_json({**completion, **own_fields(answer)}))


def _error(problem: Problem, info: RequestInfo, writer: ChunkWriter) -> bytes:
    return writer.frame(b"data: " + problem.envelope(info.request_id) + b"\n\n" + DONE)


def _told(answer: Answer) -> Answer:
    """Return `answer` with a warning where it is not of the form that was asked for."""
    if answer.schema is None or answer.schema.is_valid:
        return answer
    warning = f"the answer is not what response_format asks for: {answer.schema.error}"
    return replace(answer, warnings=(*answer.warnings, warning))


def _as_json(answer: Answer) -> Answer:
    """Return a valid answer as bare JSON: models put fences around it, and clients parse it as it stands."""
    check = answer.schema
    if check is None or not check.is_valid or _is_json(answer.text, check):
        return answer
    return replace(answer, text=encode_json(cast(Wire, check.value)).decode())


def _is_json(text: str, check: SchemaCheck) -> bool:
    try:
        return bool(msgspec.json.decode(text) == check.value)
    except (msgspec.DecodeError, RecursionError):
        return False


def _panel_problem(result: PanelResult) -> Problem | None:
    """Return why there is no completion: no seat answered, or nobody could consolidate what they said."""
    verdict = result.verdict
    if result.has_failed:
        return failed_panel(result.answers)
    if verdict.failure is not None and verdict.vote is None:
        return _not_consolidated(verdict.failure, result)
    return None


def _not_consolidated(failure: SeatFailure, result: PanelResult) -> Problem:
    count = len(answered(result.answers))
    message = (
        f"{count} of {len(result.answers)} models answered, but the consolidation failed "
        f"({failure.code.value}): {failure.message}"
    )
    return replace(failed_chat(failure), status=502, code=FailureCode.UPSTREAM_ERROR.value, message=message)


def _consolidated(result: PanelResult, model: str) -> Answer:
    """Return the verdict as if one model had given it."""
    verdict = result.verdict
    text = verdict.text if result.request.output is None else encode_json(cast(Wire, verdict.value)).decode()
    return Answer(
        seat_index=0,
        model=model,
        text=text or "",
        usage=_usage_of_all(result),
        cost_usd=result.cost_usd if result.is_cost_complete else None,
        finish_reason=verdict.judge.finish_reason if verdict.judge else FinishReason.STOP,
        warnings=tuple(_panel_warnings(result)),
    )


def _usage_of_all(result: PanelResult) -> Usage:
    calls = (*result.answers, *result.verdict.judge_answers)
    return sum((call.usage for call in calls if call.usage is not None), Usage())


def _panel_warnings(result: PanelResult) -> Iterator[str]:
    for answer in result.answers:
        if answer.failure is not None:
            yield f"{answer.model} gave no answer ({answer.failure.code.value}): {answer.failure.message}"
        for warning in answer.warnings:
            yield f"{answer.model}: {warning}"
    yield from _verdict_warnings(result.verdict)


def _verdict_warnings(verdict: Verdict) -> Iterator[str]:
    if verdict.failure is not None:
        yield f"the tie went to the earliest seat: {verdict.failure.message}"
    if verdict.is_fallback and verdict.judge is not None:
        yield f"{verdict.judge.model} consolidated the answers, because the models before it failed"
    if verdict.is_truncated:
        yield "the answers were cut to fit the consolidation model's context"
