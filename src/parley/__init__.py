"""Parley: ask several language models the same thing at once, and bring the answers back together."""

__version__ = "0.1.0"
