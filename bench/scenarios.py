"""The scenarios by name: each line of what is measured, and each line of the budget, is one."""

from dataclasses import dataclass

from bench.instruments import Load
from bench.trial import HalfLoad, Installed, OpenStreams, StartUp, Trial, UnderLoad, WarmMemory
from bench.work import Upstream, Work

_PACED = Upstream(tokens=200, gap_us=10_000)
_SLOW = Upstream(tokens=20, gap_us=500_000)
"""For many streams at once: two tokens a second, for 10 s, longer than it takes to begin them all."""


@dataclass(frozen=True, slots=True)
class Budget:
    """What a figure may be, on the reference machine.

    `of_floor` is its most as a multiple of the raw floor's, `of_other` as one of the same figure of another scenario.
    """

    figure: str
    most: float | None = None
    least: float | None = None
    of_floor: float | None = None
    of_other: tuple[str, float] | None = None


@dataclass(frozen=True, slots=True)
class Scenario:
    """One thing that is measured. Scenarios of one `curve` differ in `at` alone, and can be named together by it."""

    name: str
    about: str
    trial: Trial
    budgets: tuple[Budget, ...] = ()
    curve: str = ""
    at: int = 0


def _panels() -> list[Scenario]:
    plain, paced = Work(), Work(_PACED, is_stream=True)
    return [
        Scenario(
            "panel_fast",
            "panel of 3, fast, plain, at saturation",
            UnderLoad(plain, Load(32, 4)),
            (Budget("cpu_ms", most=0.8), Budget("per_s", least=1200)),
        ),
        Scenario(
            "panel_half",
            "the same at half load, models of 20 ms",
            HalfLoad(plain, Load(32, 4)),
            (Budget("added_p50_ms", most=1.5), Budget("added_p99_ms", most=10)),
        ),
        Scenario(
            "stream_half",
            "panel of 3, fast, streamed in one burst of 20 tokens, at half load, models of 20 ms",
            HalfLoad(Work(Upstream(tokens=20), is_stream=True), Load(16, 4)),
        ),
        Scenario(
            "panel_summary",
            "panel of 3 with consolidation, plain, at saturation",
            UnderLoad(Work(has_summary=True), Load(32, 4)),
        ),
        Scenario(
            "token_paced",
            "16 panel streams of 3, a token each 10 ms",
            UnderLoad(paced, Load(16, 3)),
            (
                Budget("token_cpu_us", most=70, of_floor=2.5),
                Budget("token_p50_ms", most=0.5),
                Budget("token_p99_ms", most=3),
            ),
        ),
        Scenario(
            "token_saturation",
            "200 panel streams of 3, a token each 10 ms, more than the core can relay",
            UnderLoad(paced, Load(200, 3)),
            (Budget("tokens_per_s", least=33_000),),
        ),
        Scenario(
            "token_burst",
            "panel streams of 3, 200 tokens at once, at saturation",
            UnderLoad(Work(is_stream=True), Load(16, 4)),
            (Budget("token_cpu_us", most=12),),
        ),
        Scenario(
            "chat",
            "chat completion, one model, plain, at saturation",
            UnderLoad(Work(seats=1, is_chat=True), Load(32, 4)),
            (Budget("cpu_ms", most=0.35),),
        ),
        Scenario(
            "chat_burst",
            "chat completion, one model, 200 tokens at once, at saturation",
            UnderLoad(Work(seats=1, is_chat=True, is_stream=True), Load(32, 4)),
        ),
    ]


def _curves() -> list[Scenario]:
    seats = [
        Scenario(
            f"seats_{count}",
            f"panel of {count}, fast, plain",
            UnderLoad(Work(seats=count), Load(16, 2)),
            (Budget("call_cpu_ms", of_other=("seats_4", 1.15)),) if count == 32 else (),
            "seats",
            count,
        )
        for count in (1, 2, 4, 8, 16, 32)
    ]
    streams = [
        Scenario(
            f"streams_{count}",
            f"{count} open panel streams of 3, two tokens a second",
            OpenStreams(Work(_SLOW, is_stream=True), count, ramp_s=min(count / 200, 8.0)),
            (Budget("most_mb", most=400),) if count == 2000 else (),
            "streams",
            count,
        )
        for count in (1, 10, 100, 500, 1000, 2000)
    ]
    bodies = [
        Scenario(
            f"body_{size}k",
            f"panel of 3, fast, plain, with a prompt of {size} KB",
            UnderLoad(Work(prompt_bytes=size * 1000), Load(8, 2)),
            (),
            "body",
            size,
        )
        for size in (1, 10, 100, 1000)
    ]
    return [*seats, *streams, *bodies]


def _single() -> list[Scenario]:
    works = (Work(), Work(is_stream=True), Work(seats=1, is_chat=True))
    return [
        Scenario("start", "start to first answer", StartUp(Work()), (Budget("first_answer_s", most=0.8),)),
        Scenario(
            "memory",
            "memory after panels, streams and chats at saturation",
            WarmMemory(works, Load(16, 4)),
            (Budget("warm_mb", most=100),),
        ),
        Scenario("installed", "what an installation takes on disk", Installed(), (Budget("installed_mb", most=120),)),
    ]


CORE = ("panel_fast", "panel_half", "token_paced", "token_burst", "chat")
"""What tells most in least time, named together as `core`."""

SCENARIOS = {scenario.name: scenario for scenario in (*_panels(), *_curves(), *_single())}


def choose(names: list[str]) -> list[Scenario]:
    """Return the scenarios of these names, of scenarios or curves; all without any. Raises ValueError."""
    names = [part for name in names for part in (CORE if name == "core" else (name,))]
    known = {*SCENARIOS, *(scenario.curve for scenario in SCENARIOS.values() if scenario.curve)}
    if unknown := [name for name in names if name not in known]:
        raise ValueError(f"there is no scenario {', '.join(unknown)}; there are {', '.join(sorted(known))}")
    return [each for each in SCENARIOS.values() if not names or each.name in names or each.curve in names]
