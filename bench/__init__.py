"""The benchmark: what a server costs on one core while cheap models and a load generator keep it busy from another.

`make bench`, or `python -m bench --help` from the repository's root. Not part of the package, and nothing a test runs.
"""
