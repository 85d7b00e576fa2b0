"""Puts the document together."""

from parley import __version__
from parley.domain.json import JsonObject


def build_document() -> JsonObject:
    """Return the OpenAPI 3.1 document of this server."""
    return {
        "openapi": "3.1.0",
        "info": {"title": "Parley", "version": __version__},
        "paths": {},
    }
