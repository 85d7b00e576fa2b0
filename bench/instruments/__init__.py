"""The two programs in C that stand at both ends of a server under test: the models, and those who ask."""

from bench.instruments.load import Load, Loaded, run_load
from bench.instruments.programs import build_programs
from bench.instruments.stub import running_stub

__all__ = ["Load", "Loaded", "build_programs", "run_load", "running_stub"]
