"""A request and the catalog become a plan: who is asked, where, with which messages, for how long.

Pure: no call is made here. Unknown models and requests that no model can serve are found here, before money is spent.
"""

import random
from collections.abc import Sequence
from dataclasses import field, replace

from parley.catalog.catalog import Catalog
from parley.domain.events import CallRole
from parley.domain.json import JsonObject
from parley.domain.messages import Message, Role, TextPart, Tool, ToolChoice, text_message
from parley.domain.models import Deployment, Model
from parley.domain.quick import dataclass
from parley.domain.run import (
    Comparison,
    JsonFormat,
    Nothing,
    OutputFormat,
    PanelRequest,
    Sampling,
    SchemaFormat,
    SeatRequest,
    Summary,
    Vote,
)
from parley.domain.settings import PanelSettings
from parley.panel.check import AnswerCheck, ChoiceCheck, JsonCheck, SchemaAnswerCheck
from parley.panel.prompt_size import PromptSize, size_of
from parley.panel.schema import compile_schema


@dataclass(frozen=True, slots=True)
class Route:
    """One way to an answer: a model by the name that callers use, at one of its deployments."""

    model: str
    deployment: Deployment


@dataclass(frozen=True, slots=True)
class SeatPlan:
    """One call to come, a seat's or a judge's. `routes` in the order they are tried; `timeout_s` covers everything.

    `is_streamed` asks the provider for a stream; `relays` passes its text on to the client as it arrives.
    `cache_scope` is the request's; `cached_as` stands for messages that no other call will repeat word by word.
    """

    role: CallRole
    index: int
    routes: tuple[Route, ...]
    messages: tuple[Message, ...]
    timeout_s: float
    max_retries: int
    sampling: Sampling = Sampling()
    output: OutputFormat | None = None
    check: AnswerCheck | None = None
    is_streamed: bool = False
    relays: bool = False
    accepts_refusals: bool = False
    tools: tuple[Tool, ...] = ()
    tool_choice: ToolChoice | None = None
    allows_parallel_tools: bool | None = None
    extra: JsonObject = field(default_factory=dict)
    cache_scope: str | None = None
    cached_as: str = ""
    size: PromptSize | None = None
    """Of `messages`, where it was measured already."""

    @property
    def model(self) -> str:
        return self.routes[0].model


@dataclass(frozen=True, slots=True)
class Plan:
    """What one request will do. `judge` is the model asked for or configured; None: the resolver takes a seat's."""

    request: PanelRequest
    seats: tuple[SeatPlan, ...]
    judge: Model | None
    judge_timeout_s: float
    check: AnswerCheck | None
    """What an answer is held against, for the seats and the consolidation alike."""

    def places(self) -> dict[str, list[Deployment]]:
        """Return every model that may be asked by this plan, and where."""
        found: dict[str, list[Deployment]] = {}
        for seat in self.seats:
            for route in seat.routes:
                found.setdefault(route.model, []).append(route.deployment)
        if self.judge is not None:
            found.setdefault(self.judge.name, []).extend(self.judge.deployments)
        return found


class Planner:
    """Turns requests into plans; `rng` draws among a model's deployments."""

    def __init__(self, catalog: Catalog, settings: PanelSettings, rng: random.Random) -> None:
        self._catalog = catalog
        self._settings = settings
        self._rng = rng

    def plan(self, request: PanelRequest) -> Plan:
        """Raise ModelNotFound for a name that nobody knows, InvalidRequest for a schema that is none."""
        check = _check_for(request)
        prompts = _Prompts(request)
        seats = tuple([self._seat(prompts, seat, index, check) for index, seat in enumerate(request.seats)])
        judge = self._judge_name(request)
        timeout_s = request.judge_timeout_s or self._timeout_s(request)
        return Plan(request, seats, self._catalog.find(judge) if judge else None, timeout_s, check)

    def find(self, name: str) -> Model:
        """Raise ModelNotFound, with the nearest known names, for a name that nobody knows."""
        return self._catalog.find(name)

    def routes(self, model: Model) -> tuple[Route, ...]:
        """Return the deployments of `model`: the first drawn by weight, the others as fallbacks, drawn likewise."""
        if len(model.deployments) == 1:
            return (Route(model.name, model.deployments[0]),)
        left = list(model.deployments)
        routes = []
        while left:
            weights = [deployment.weight for deployment in left]
            drawn = self._rng.choices(range(len(left)), weights if sum(weights) else None)[0] if left[1:] else 0
            routes.append(Route(model.name, left.pop(drawn)))
        return tuple(routes)

    def _judge_name(self, request: PanelRequest) -> str | None:
        match request.resolution:
            case Summary(judge=judge) | Vote(tie_breaker=judge):
                return judge or self._settings.summary_model or None
            case Comparison(judge=judge):
                return judge or self._settings.comparison_model or None
            case Nothing():
                return None

    def _timeout_s(self, request: PanelRequest) -> float:
        configured_s = self._settings.timeout_ms / 1000
        return request.timeout_s or min(configured_s, request.most_timeout_s or configured_s)

    def _seat(self, prompts: "_Prompts", seat: SeatRequest, index: int, check: AnswerCheck | None) -> SeatPlan:
        request = prompts.request
        models = [self._catalog.find(name) for name in (seat.model, *request.fallback_models)]
        routes = tuple([route for model in models for route in self.routes(model)])
        messages, size = prompts.of(seat, _directive(request, check, routes[0].deployment))
        return SeatPlan(
            role=CallRole.CHAT if request.accepts_refusals else CallRole.SEAT,
            index=index,
            routes=routes,
            messages=messages,
            timeout_s=self._timeout_s(request),
            max_retries=request.max_retries,
            sampling=seat.sampling,
            output=check.output(routes[0].deployment) if check and not request.output else request.output,
            check=check,
            is_streamed=request.seats_stream,
            relays=request.seats_stream,
            accepts_refusals=request.accepts_refusals,
            tools=request.tools,
            tool_choice=request.tool_choice,
            allows_parallel_tools=request.allows_parallel_tools,
            extra=request.extra,
            cache_scope=request.cache_scope,
            size=size,
        )


class _Prompts:
    """The messages of one request's seats, put together and measured once for all seats that are told the same."""

    def __init__(self, request: PanelRequest) -> None:
        self.request = request
        self._known: dict[tuple[str | None, str], tuple[tuple[Message, ...], PromptSize]] = {}

    def of(self, seat: SeatRequest, directive: str) -> tuple[tuple[Message, ...], PromptSize]:
        key = (seat.system_prompt, directive)
        known = self._known.get(key)
        if known is None:
            messages = _messages_for(self.request, seat, directive)
            known = self._known[key] = (messages, size_of(messages))
        return known


def judge_seat(plan: Plan, routes: tuple[Route, ...], messages: tuple[Message, ...], max_retries: int) -> SeatPlan:
    """Return the plan of one consolidation call; its caller sets what differs, such as a check or the time left."""
    streams = plan.request.is_streamed and plan.request.output is None and not isinstance(plan.request.resolution, Vote)
    return SeatPlan(
        role=CallRole.CONSOLIDATION,
        index=0,
        routes=routes,
        messages=messages,
        timeout_s=plan.judge_timeout_s,
        max_retries=max_retries,
        is_streamed=streams,
        relays=streams,
        cache_scope=plan.request.cache_scope,
    )


def _check_for(request: PanelRequest) -> AnswerCheck | None:
    match request.resolution, request.output:
        case Vote(choices=choices), _:
            return ChoiceCheck(choices)
        case _, SchemaFormat(schema=schema):
            return SchemaAnswerCheck(compile_schema(schema, request.output_param))
        case _, JsonFormat():
            return JsonCheck()
        case _:
            return None


def _directive(request: PanelRequest, check: AnswerCheck | None, deployment: Deployment) -> str:
    """Chat's own words stay as they are where the provider enforces the format; a panel always says what it wants."""
    if check is None or (request.accepts_refusals and deployment.capabilities.supports_structured_output is not False):
        return ""
    return check.directive()


def _messages_for(request: PanelRequest, seat: SeatRequest, directive: str) -> tuple[Message, ...]:
    """Order: instructions, the conversation's system messages (or the seat's own), directives; then the turns."""
    turns = tuple(message for message in request.conversation if message.role is not Role.SYSTEM)
    given = tuple(message for message in request.conversation if message.role is Role.SYSTEM)
    if seat.system_prompt is not None:
        given = (text_message(Role.SYSTEM, seat.system_prompt),) if seat.system_prompt else ()
    if request.instructions:
        given = (text_message(Role.SYSTEM, request.instructions), *given)
    return (*with_directive(given, directive), *turns)


def with_directive(system: Sequence[Message], directive: str) -> tuple[Message, ...]:
    """Return `system` with `directive` at the end of its last message: some providers take one system message only."""
    if not directive:
        return tuple(system)
    if not system:
        return (text_message(Role.SYSTEM, directive),)
    last = system[-1]
    return (*system[:-1], replace(last, parts=(*last.parts, TextPart(f"\n\n{directive}"))))
