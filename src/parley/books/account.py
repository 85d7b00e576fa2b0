"""One request's account: reads its events, and puts each call on record before it is made and when it has ended.

Knows the caller's caps. Its reader never blocks; what must be durable before something else may happen is awaited
through `allow` and `close`.
"""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

from parley.books.entries import RUNNING, CallOpening, Closing, Enlargement, Hold, Opening, Row, Settlement
from parley.books.ledger import Ledger
from parley.books.money import from_pico, to_pico
from parley.domain.errors import FailureCode, NotServing, SeatFailure, SpendLimitExceeded
from parley.domain.events import (
    AttemptEnded,
    AttemptStarted,
    CallIntent,
    CallRole,
    ConsolidationFinished,
    Event,
    SeatFinished,
)
from parley.domain.ids import new_id
from parley.domain.quick import dataclass
from parley.domain.run import Answer, Verdict
from parley.domain.usage import Usage

Call = tuple[CallRole, int]

_NOTHING_USED: Row = {
    "attempts": 0,
    "input_tokens": 0,
    "output_tokens": 0,
    "cache_read_tokens": 0,
    "cache_creation_tokens": 0,
    "reasoning_tokens": 0,
    "cost_pico": None,
    "upstream_cost_pico": None,
    "price_id": None,
    "is_estimated": False,
    "is_cached": False,
    "latency_ms": 0,
    "outcome": RUNNING,
    "error_code": None,
}


@dataclass(frozen=True, slots=True)
class Payer:
    """Whose account it is: the key's id and name, and its caps in US dollars, None for none."""

    key_id: str
    key_name: str
    cap_usd: Decimal | None = None
    cap_month_usd: Decimal | None = None

    @property
    def has_cap(self) -> bool:
        return self.cap_usd is not None or self.cap_month_usd is not None


@dataclass(slots=True)
class _Line:
    """One event while it runs: its row, the attempts beneath it, the prices that they were billed at."""

    row: Row
    attempts: list[Row]
    prices: dict[str, Row]
    started: float
    is_settled: bool = False


class Account:
    """Opened before the first call, closed after the last."""

    def __init__(self, ledger: Ledger, payer: Payer, request_id: str, panel_id: str | None) -> None:
        self._ledger = ledger
        self._payer = payer
        self._request_id = request_id
        self._panel_id = panel_id
        self._lines: dict[Call, _Line] = {}
        self._unsettled: list[asyncio.Future[None]] = []
        self._has_hold = False

    async def open(self, intents: Sequence[CallIntent]) -> None:
        """Put the seats' calls on record and hold what all of `intents` may cost.

        Raises SpendLimitExceeded where a cap forbids it, NotServing where it can't be recorded.
        """
        seats = [intent for intent in intents if intent.role is not CallRole.CONSOLIDATION]
        self._ledger.enter(self._request_id, len(intents))
        lines = {(intent.role, intent.seat_index): self._line(intent) for intent in seats}
        # The rows go as they are: nothing changes them before they are durable, as nothing runs before.
        opening = Opening([line.row for line in lines.values()], self._hold(intents))
        opened = self._ledger.put(opening)
        opened.add_done_callback(lambda _: self._begin(opening, lines, opened))
        try:
            await asyncio.shield(opened)
        except asyncio.CancelledError:
            opened.add_done_callback(lambda _: self.close())
            raise
        if opening.refusal is not None:
            raise SpendLimitExceeded(_over_cap(opening.refusal))

    def _begin(self, opening: Opening, lines: dict[Call, _Line], opened: "asyncio.Future[None]") -> None:
        """Take over what is on record now, also where nobody waits for it any more."""
        if opened.cancelled() or opened.exception() is not None or opening.refusal is not None:
            self._ledger.leave(self._request_id)
            return
        self._has_hold = opening.hold is not None
        self._lines = lines

    async def allow(self, intent: CallIntent) -> SeatFailure | None:
        """Return once `intent` may be made; a further attempt enlarges the hold, a consolidation gets its event."""
        call = (intent.role, intent.seat_index)
        line = self._lines.get(call)
        if line is None:
            line = self._lines[call] = self._line(intent)
            await asyncio.shield(self._ledger.put(CallOpening(dict(line.row))))
            return None
        if not line.attempts or not self._has_hold:
            return None
        hold = self._hold([intent])
        assert hold is not None
        enlargement = Enlargement(hold)
        try:
            await asyncio.shield(self._ledger.put(enlargement))
        except NotServing as outage:
            return SeatFailure(FailureCode.QUOTA_EXCEEDED, f"No further attempt: {outage.message}")
        if enlargement.refusal is None:
            return None
        return SeatFailure(FailureCode.QUOTA_EXCEEDED, f"No further attempt: {_over_cap(enlargement.refusal)}")

    def __call__(self, event: Event) -> None:
        """Read one event of the run."""
        match event:
            case AttemptStarted(role=role, seat_index=seat, deployment=deployment, model=model):
                row = self._lines[role, seat].row
                row["provider"], row["model"] = deployment.provider, model
            case AttemptEnded():
                self._add_attempt(event)
            case SeatFinished(answer=answer) if not answer.is_judge:
                self._settle(self._seat_call(answer.seat_index), answer)
            case ConsolidationFinished(verdict=verdict) if verdict.judge is not None:
                self._settle((CallRole.CONSOLIDATION, 0), _all_judges(verdict))
            case _:
                pass

    def close(self) -> None:
        """Settle what is left as cancelled and release the hold; a second time it does nothing."""
        for call, line in self._lines.items():
            if not line.is_settled:
                self._settle(call, _cancelled(line))
        if self._has_hold:
            self._has_hold = False
            self._unsettled.append(self._ledger.put(Closing(self._request_id)))
        if self._unsettled:
            self._ledger.hurry()
            self._unsettled[-1].add_done_callback(lambda _: self._ledger.leave(self._request_id))

    async def settled(self) -> None:
        """Return once all of it is durable. Raises NotServing where neither store nor journal took it."""
        for done in self._unsettled:
            if not done.done():  # what was put together ends together
                await asyncio.shield(done)
            done.result()

    def _seat_call(self, seat_index: int) -> Call:
        role = CallRole.SEAT if (CallRole.SEAT, seat_index) in self._lines else CallRole.CHAT
        return role, seat_index

    def _line(self, intent: CallIntent) -> _Line:
        row: Row = {
            **_NOTHING_USED,
            "id": new_id("evt_"),
            "time": time.time(),
            "key_id": self._payer.key_id,
            "key_name": self._payer.key_name,
            "request_id": self._request_id,
            "panel_id": self._panel_id,
            "role": intent.role.value,
            "seat_index": intent.seat_index,
            "model": intent.model,
            "provider": intent.deployment.provider,
            "instance_id": self._ledger.instance.id,
            "input_estimate": intent.estimated_input_tokens,
            "estimate_pico": _estimate_pico(intent),
        }
        return _Line(row, [], {}, time.monotonic())

    def _hold(self, intents: Sequence[CallIntent]) -> Hold | None:
        if not self._payer.has_cap:
            return None
        amount = sum(_ceiling_pico(intent) for intent in intents)
        caps = [None if cap is None else to_pico(cap) for cap in (self._payer.cap_usd, self._payer.cap_month_usd)]
        return Hold(self._request_id, self._payer.key_id, amount, self._ledger.instance.id, caps[0], caps[1])

    def _add_attempt(self, event: AttemptEnded) -> None:
        line = self._lines[event.role, event.seat_index]
        price = event.deployment.price
        if price is not None:
            priced = self._ledger.prices.row_of(event.deployment, price)
            line.row["price_id"] = priced["id"]
            if not self._ledger.prices.is_written(priced):
                line.prices[str(priced["id"])] = priced
        line.attempts.append(
            {
                "request_id": self._request_id,
                "role": event.role.value,
                "seat_index": event.seat_index,
                "attempt": len(line.attempts) + 1,
                "time": time.time() - event.duration_ms / 1000,
                "provider": event.deployment.provider,
                "upstream_model": event.deployment.upstream_model,
                **_usage_columns(event.usage),
                "cost_pico": None if event.cost_usd is None else to_pico(event.cost_usd),
                "is_estimated": event.usage.is_estimate,
                "latency_ms": event.duration_ms,
                "first_token_ms": event.first_token_ms,
                "outcome": _outcome(event.failure),
                "error_code": event.failure.code.value if event.failure else None,
            }
        )

    def _settle(self, call: Call, answer: Answer) -> None:
        line = self._lines[call]
        line.is_settled = True
        usage = answer.usage or Usage()
        code = answer.failure.code if answer.failure else None
        row = line.row
        row |= _usage_columns(usage)
        row["cost_pico"] = _cost_pico(answer)
        row["upstream_cost_pico"] = None if usage.upstream_cost_usd is None else to_pico(usage.upstream_cost_usd)
        row["attempts"] = len(line.attempts)
        row["is_estimated"] = usage.is_estimate
        row["is_cached"] = answer.is_cached
        row["latency_ms"] = answer.duration_ms
        row["outcome"] = _outcome(answer.failure)
        row["error_code"] = "schema_invalid" if answer.is_schema_invalid else code.value if code else None
        settlement = Settlement(row, line.attempts, list(line.prices.values()))
        self._unsettled.append(self._ledger.put(settlement, is_urgent=False))


def _cost_pico(answer: Answer) -> int | None:
    """A call that never went out costs nothing, which is known."""
    if answer.attempts == 0:
        return 0
    return None if answer.cost_usd is None else to_pico(answer.cost_usd)


def _all_judges(verdict: Verdict) -> Answer:
    """Return the calls of all judges as one: they are one event, with their attempts beneath it."""
    assert verdict.judge is not None
    answers = verdict.judge_answers
    costs = [answer.cost_usd for answer in answers if answer.attempts]
    known = [cost for cost in costs if cost is not None]
    return replace(
        verdict.judge,
        usage=sum((answer.usage for answer in answers if answer.usage is not None), Usage()),
        cost_usd=sum(known, Decimal(0)) if len(known) == len(costs) else None,
        attempts=sum(answer.attempts for answer in answers),
        is_cached=all(answer.is_cached for answer in answers),
        duration_ms=sum(answer.duration_ms for answer in answers),
        failure=verdict.failure if verdict.vote is None or verdict.judge.failure else None,
    )


def _cancelled(line: _Line) -> Answer:
    """Return what is known of a call that nobody waited for: what its attempts used."""
    usage = sum((_usage_of(row) for row in line.attempts), Usage())
    costs = [row["cost_pico"] for row in line.attempts]
    total = from_pico(sum(int(cost or 0) for cost in costs))
    return Answer(
        seat_index=0,
        model="",
        usage=usage,
        cost_usd=None if any(cost is None for cost in costs) else total,
        duration_ms=round((time.monotonic() - line.started) * 1000),
        failure=SeatFailure(FailureCode.CANCELLED, ""),
        attempts=len(line.attempts),
    )


def _outcome(failure: SeatFailure | None) -> str:
    if failure is None:
        return "ok"
    return "cancelled" if failure.code is FailureCode.CANCELLED else "failed"


def _usage_columns(usage: Usage) -> Row:
    return {
        "input_tokens": usage.input_tokens,
        "output_tokens": usage.output_tokens,
        "cache_read_tokens": usage.cache_read_tokens,
        "cache_creation_tokens": usage.cache_creation_tokens,
        "reasoning_tokens": usage.reasoning_tokens,
    }


def _usage_of(row: Row) -> Usage:
    def count(name: str) -> int:
        return int(row[name] or 0)

    return Usage(
        count("input_tokens"),
        count("output_tokens"),
        count("cache_read_tokens"),
        count("cache_creation_tokens"),
        count("reasoning_tokens"),
        is_estimate=bool(row["is_estimated"]),
    )


def _ceiling_pico(intent: CallIntent) -> int:
    """A model without a price never gets here: a key with a cap may not use it."""
    price = intent.deployment.price
    if price is None:
        return 0
    usage = Usage(intent.input_tokens, intent.output_tokens)
    dearest = max(price.cost_usd(usage), price.cost_usd(replace(usage, cache_creation_tokens=usage.input_tokens)))
    return to_pico(dearest)


def _estimate_pico(intent: CallIntent) -> int | None:
    price = intent.deployment.price
    return None if price is None else to_pico(price.cost_usd(Usage(intent.estimated_input_tokens)))


def _over_cap(period: str) -> str:
    if period == "month":
        return "this key's spend cap of the month is reached, or what this request may cost would pass it."
    return "this key's spend cap is reached, or what this request may cost would pass it."
