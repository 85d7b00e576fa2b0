"""Ask several language models the same thing at once, through a Parley server."""

from parley_client.call import CallOptions
from parley_client.client import AsyncParley, Parley
from parley_client.errors import (
    APIConnectionError,
    APIError,
    APITimeoutError,
    ConfigurationError,
    OutputError,
    ParleyError,
    StreamError,
)
from parley_client.reading import TextDelta
from parley_client.retries import Pace
from parley_client.roundtable import Parsed
from parley_client.shell import AsyncStream, Stream
from parley_client.version import VERSION

__version__ = VERSION

__all__ = [
    "APIConnectionError",
    "APIError",
    "APITimeoutError",
    "AsyncParley",
    "AsyncStream",
    "CallOptions",
    "ConfigurationError",
    "OutputError",
    "Pace",
    "Parley",
    "ParleyError",
    "Parsed",
    "Stream",
    "StreamError",
    "TextDelta",
]
