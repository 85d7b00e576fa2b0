"""One measurement: a load on a server, and what the server used meanwhile."""

from bench import process_tree
from bench.instruments import Load, Loaded, run_load
from bench.target import Running
from bench.work import Work

Figures = dict[str, float]
"""What was measured, by name; units are part of the names."""


def try_load(server: Running, core: int, work: Work, load: Load) -> Figures:
    """Put the load on the server and return its figures, per unit of the work and per token. Faults stop the run."""
    request = server.target.request(work)
    before = process_tree.cpu_s(server.pid)
    seen = run_load(core, server.port, request, load)
    cpu_s = process_tree.cpu_s(server.pid) - before
    if seen.faults or not seen.whole:
        asked = seen.answered + seen.faults
        raise SystemExit(f"{server.target.name} failed {seen.faults} of {asked} requests: {seen.fault}")
    units = seen.answered / request.per_unit
    return {
        "cpu_ms": cpu_s * 1e3 / units,
        "per_s": units / seen.seconds,
        "core_percent": cpu_s * 100 / seen.seconds,
        "p50_ms": seen.whole.p50,
        "p99_ms": seen.whole.p99,
        **(_token_figures(work, units, cpu_s, seen) if work.is_stream else {}),
    }


def _token_figures(work: Work, units: float, cpu_s: float, seen: Loaded) -> Figures:
    tokens = units * work.tokens
    figures = {"token_cpu_us": cpu_s * 1e6 / tokens, "tokens_per_s": tokens / seen.seconds}
    if seen.token:
        figures |= {"token_p50_ms": seen.token.p50, "token_p99_ms": seen.token.p99}
    return figures
