"""The two programs in C that stand at both ends of a server under test: the models, and those who ask."""

from bench.instruments.load import Load, Loaded, Spread, run_load
from bench.instruments.programs import build_programs, has_openssl
from bench.instruments.stub import running_stub

__all__ = ["Load", "Loaded", "Spread", "build_programs", "has_openssl", "run_load", "running_stub"]
