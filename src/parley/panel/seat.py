"""One seat's life: attempts, retries, fallbacks and correction rounds inside one deadline.

A seat never raises an upstream failure: it returns an Answer, so that one failing model cannot cancel its neighbours.
Bugs and cancellation propagate; on cancellation what was used so far has been emitted before.
"""

import asyncio
import math
import random
from collections.abc import Awaitable, Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from decimal import Decimal

from parley.domain.answer_cache import AnswerCache
from parley.domain.errors import FailureCode, SeatFailure, UpstreamFailure
from parley.domain.events import AttemptEnded, AttemptStarted, CallIntent, CallRole, Oversight, SeatFinished
from parley.domain.messages import Message, Role, text_message
from parley.domain.run import Answer
from parley.domain.usage import Usage
from parley.panel.attempt import Attempt, most_output_tokens
from parley.panel.breaker import Breakers
from parley.panel.check import Reading
from parley.panel.plan import Route, SeatPlan
from parley.panel.prompt_size import size_of
from parley.panel.recall import chunks_of, fingerprint_of, kept_of
from parley.providers.provider import Call, CallLimits, Provider

_REQUEST_FAULTS = frozenset(
    {
        FailureCode.INVALID_REQUEST,
        FailureCode.CONTEXT_LENGTH_EXCEEDED,
        FailureCode.CONTENT_FILTERED,
        FailureCode.REFUSED,
        FailureCode.ANSWER_TOO_LARGE,
    }
)
"""Faults that another deployment of the same model would find as well."""


def retry_delay_s(retry: int, retry_after_s: float | None, jitter: float) -> float:
    """Return seconds to wait before `retry` (1 = the first): 0.5, 1, 2 … at most 8.

    `jitter`, drawn by the caller from [0, 1), shortens the wait by up to a quarter so that seats do not retry in step.
    Retry-After, where the provider sent it, wins. Source: RFC 9110, section 10.2.3.
    """
    if retry_after_s is not None:
        return retry_after_s
    return min(0.5 * 2.0 ** (retry - 1), 8.0) * (1 - jitter / 4)


@dataclass(frozen=True, slots=True)
class SeatTools:
    """What every seat needs: providers by name, breakers, and time and chance from outside."""

    providers: Mapping[str, Provider]
    breakers: Breakers
    limits: CallLimits
    clock: Callable[[], float]
    sleep: Callable[[float], Awaitable[None]]
    rng: random.Random
    hold_output_tokens: int = 4_096
    cache: AnswerCache | None = None


async def ask_seat(tools: SeatTools, seat: SeatPlan, oversight: Oversight) -> Answer:
    """Return the seat's answer, failed or not; emit its attempts, its deltas where it relays them, and its end."""
    life = _Life(tools, seat, oversight)
    emit = oversight.emit
    try:
        async with asyncio.timeout(seat.timeout_s) as deadline:
            life.deadline = deadline
            if not await life.recall():
                await life.run()
    except TimeoutError:
        life.failure = _timed_out(seat.timeout_s)
    except asyncio.CancelledError:
        life.failure = SeatFailure(FailureCode.CANCELLED, "The request was cancelled before this model had finished.")
        emit(SeatFinished(life.answer()))
        raise
    answer = life.answer()
    emit(SeatFinished(answer))
    await life.remember(answer)
    return answer


class _Life:
    """The state of one seat while it is asked."""

    def __init__(self, tools: SeatTools, seat: SeatPlan, oversight: Oversight) -> None:
        self._tools = tools
        self._seat = seat
        self._emit = oversight.emit
        self._allow = oversight.allow
        self._started = tools.clock()
        self._untried = list(seat.routes)
        self._transient: list[Route] = []
        self._retries = 0
        self._attempts = 0
        self._last: Attempt | None = None
        self._usage = Usage()
        self._cost: Decimal | None = Decimal(0)
        self._warnings: dict[str, None] = {}
        self._reading: Reading | None = None
        self._kept: tuple[Attempt, Reading] | None = None
        self._is_cached = False
        self.deadline: asyncio.Timeout | None = None
        self.failure: SeatFailure | None = None

    async def recall(self) -> bool:
        """Answer as the same call was answered before, without any attempt; return whether that was possible."""
        seat, cache = self._seat, self._tools.cache
        if cache is None or seat.cache_scope is None:
            return False
        kept = await cache.get(seat.cache_scope, fingerprint_of(seat, seat.routes[0]))
        if kept is None or not (seat.check is None or kept.tool_calls or seat.check.read(kept.text).is_valid):
            return False
        if await self._allow(self._intent(seat.routes[0], seat.messages)) is not None:
            return False
        attempt = self._last = Attempt(seat, seat.routes[0], self._tools.clock, self._emit)
        for chunk in chunks_of(kept):
            attempt.take(chunk)
        self._warnings.update(dict.fromkeys(attempt.warnings))
        self._is_cached = True
        return self._accept()

    async def remember(self, answer: Answer) -> None:
        """Keep a good answer for the same call to come; after its end was told, so that nobody waits for it."""
        cache, scope = self._tools.cache, self._seat.cache_scope
        if cache is None or scope is None or self._last is None:
            return
        kept = kept_of(answer)
        if kept is not None:
            await cache.put(scope, fingerprint_of(self._seat, self._last.route), kept)

    async def run(self) -> None:
        """Try until there is an answer that holds, or nothing is left to try."""
        route: Route | None = self._untried.pop(0)
        messages = self._seat.messages
        while route is not None:
            failure = await self._attempt(route, messages)
            if failure is not None:
                self.failure = failure.failure
                route = await self._next_route(route, failure)
                continue
            self.failure = None
            if self._accept() or self._retries >= self._seat.max_retries:
                self._finish()
                return
            self._keep()
            self._retries += 1
            messages = self._corrected(messages)

    def _accept(self) -> bool:
        """Hold the last answer against the seat's check; one that calls tools or declines has nothing to check."""
        assert self._last is not None
        if self._seat.check is None or self._last.tool_calls or self._last.refusal:
            return True
        self._reading = self._seat.check.read(self._last.text)
        return self._reading.is_valid or self._seat.relays

    def _keep(self) -> None:
        """Remember an answer that only its schema refuses: should the correction fail, it is what was paid for."""
        if self._last is not None and self._reading is not None and self._reading.schema is not None:
            self._kept = (self._last, self._reading)

    def _finish(self) -> None:
        reading = self._reading
        if reading is not None and not reading.is_valid and reading.schema is None:
            self.failure = SeatFailure(FailureCode.INVALID_CHOICE, "The answer names none of the choices, or several.")

    def _corrected(self, messages: tuple[Message, ...]) -> tuple[Message, ...]:
        assert self._last is not None
        assert self._reading is not None
        return (
            *messages,
            text_message(Role.ASSISTANT, self._last.text),
            text_message(Role.USER, self._reading.correction),
        )

    async def _next_route(self, route: Route, failure: UpstreamFailure) -> Route | None:
        """Return where to try next: another route at once, or one that failed transiently after a wait; else None."""
        if self._seat.relays and self._last is not None and self._last.has_relayed:
            return None
        if failure.is_transient:
            self._transient.append(route)
        while self._untried:
            following = self._untried.pop(0)
            if following.model != route.model or failure.failure.code not in _REQUEST_FAULTS:
                return following
        if not self._transient or self._retries >= self._seat.max_retries:
            return None
        self._retries += 1
        delay_s = retry_delay_s(self._retries, failure.failure.retry_after_s, self._tools.rng.random())
        if delay_s >= self._time_left_s():
            return None
        await self._tools.sleep(delay_s)
        return self._transient.pop(0)

    def _time_left_s(self) -> float:
        when = self.deadline.when() if self.deadline is not None else None
        return math.inf if when is None else when - asyncio.get_running_loop().time()

    async def _attempt(self, route: Route, messages: tuple[Message, ...]) -> UpstreamFailure | None:
        """Make one call and account for it; return why it failed, None if it gave an answer."""
        denied = await self._allow(self._intent(route, messages))
        if denied is not None:
            self._untried.clear()
            return UpstreamFailure(denied)
        key = (route.deployment.provider, route.deployment.upstream_model)
        wait_s = self._tools.breakers.admit(key)
        if wait_s is not None:
            return _broken(route, wait_s)
        self._attempts += 1
        attempt = self._last = Attempt(self._seat, route, self._tools.clock, self._emit)
        self._emit(AttemptStarted(self._seat.role, self._seat.index, self._attempts, route.deployment, route.model))
        failure: UpstreamFailure | None = None
        try:
            failure = await self._call(attempt, messages)
        except asyncio.CancelledError:
            failure = self._interrupted()
            raise
        finally:
            self._report_health(key, attempt, failure)
            self._account(attempt, messages, failure)
        return failure

    def _intent(self, route: Route, messages: tuple[Message, ...]) -> CallIntent:
        seat = self._seat
        size = seat.size if seat.size is not None and messages is seat.messages else size_of(messages)
        return CallIntent(
            role=seat.role,
            seat_index=seat.index,
            attempt=self._attempts + 1,
            model=route.model,
            deployment=route.deployment,
            input_tokens=size.most_tokens,
            output_tokens=most_output_tokens(seat.sampling, route.deployment, self._tools.hold_output_tokens),
            estimated_input_tokens=size.likely_tokens,
        )

    async def _call(self, attempt: Attempt, messages: tuple[Message, ...]) -> UpstreamFailure | None:
        provider = self._tools.providers[attempt.route.deployment.provider]
        try:
            async with aclosing(provider.stream(self._request(attempt.route, messages))) as chunks:  # type: ignore[type-var]  # Provider promises an iterator; all of ours are generators
                async for chunk in chunks:
                    attempt.take(chunk)
        except UpstreamFailure as failure:
            return failure
        return attempt.verdict()

    def _request(self, route: Route, messages: tuple[Message, ...]) -> Call:
        seat = self._seat
        return Call(
            deployment=route.deployment,
            messages=messages,
            sampling=seat.sampling,
            output=seat.output,
            tools=seat.tools,
            tool_choice=seat.tool_choice,
            allows_parallel_tools=seat.allows_parallel_tools,
            is_streamed=seat.is_streamed,
            limits=self._tools.limits,
            extra=seat.extra,
        )

    def _interrupted(self) -> UpstreamFailure:
        """The call was cut short: by the seat's own deadline, or because nobody wants the answer any more."""
        if self.deadline is not None and self.deadline.expired():
            # A short deadline says more about the caller than about the provider.
            speaks_against = self._seat.timeout_s >= self._tools.limits.first_token_s
            return UpstreamFailure(_timed_out(self._seat.timeout_s), trips_breaker=speaks_against)
        return UpstreamFailure(SeatFailure(FailureCode.CANCELLED, "The call was cancelled."))

    def _report_health(self, key: tuple[str, str], attempt: Attempt, failure: UpstreamFailure | None) -> None:
        breakers = self._tools.breakers
        if failure is not None and failure.trips_breaker:
            breakers.fail(key)
        elif failure is not None and failure.status is None and not attempt.has_begun:
            breakers.release(key)
        else:
            breakers.succeed(key)

    def _account(self, attempt: Attempt, messages: tuple[Message, ...], failure: UpstreamFailure | None) -> None:
        usage = attempt.usage_or_estimate(messages, failure)
        self._usage = usage if self._attempts == 1 else self._usage + usage
        price = attempt.route.deployment.price
        cost = None if price is None else price.cost_usd(usage)
        self._cost = None if cost is None or self._cost is None else self._cost + cost
        if attempt.warnings:
            self._warnings.update(dict.fromkeys(attempt.warnings))
        self._emit(
            AttemptEnded(
                self._seat.role,
                self._seat.index,
                self._attempts,
                attempt.route.deployment,
                usage,
                attempt.duration_ms,
                attempt.first_token_ms,
                failure.failure if failure else None,
                cost,
            )
        )

    def answer(self) -> Answer:
        """Return what is known now; also of use when the seat is cut short."""
        attempt = self._last
        reading = self._reading if self.failure is None else None
        if self.failure is not None and self._kept is not None and self.failure.code is not FailureCode.CANCELLED:
            attempt, reading = self._kept
            self.failure = None
        return Answer(
            seat_index=self._seat.index,
            model=attempt.route.model if attempt else self._seat.model,
            is_judge=self._seat.role is CallRole.CONSOLIDATION,
            text=attempt.text if attempt else "",
            usage=self._usage if self._attempts or self._is_cached else None,
            cost_usd=self._cost if self._attempts or self._is_cached else None,
            duration_ms=round((self._tools.clock() - self._started) * 1000),
            finish_reason=attempt.finish_reason if attempt else None,
            failure=self.failure,
            refusal=attempt.refusal if attempt else None,
            reasoning=attempt.reasoning if attempt else "",
            tool_calls=attempt.tool_calls if attempt else (),
            schema=reading.schema if reading else None,
            choice_index=reading.choice_index if reading else None,
            attempts=self._attempts,
            warnings=tuple(self._warnings),
            provider=attempt.route.deployment.provider if attempt else None,
            upstream_model=attempt.route.deployment.upstream_model if attempt else None,
            logprobs=attempt.logprobs if attempt else None,
            is_cached=self._is_cached,
        )


def _timed_out(timeout_s: float) -> SeatFailure:
    return SeatFailure(
        FailureCode.TIMEOUT, f"No complete answer within {timeout_s:g} s, retries included; allow more time."
    )


def _broken(route: Route, wait_s: float) -> UpstreamFailure:
    message = (
        f"{route.deployment.provider} has been failing for {route.deployment.upstream_model}; "
        f"it is left alone and tried again in {wait_s:.0f} s."
    )
    return UpstreamFailure(SeatFailure(FailureCode.UNAVAILABLE, message, retry_after_s=math.ceil(wait_s) or 1))
