"""The command line."""

from parley.cli.commands import run as run
