"""The OpenAPI 3.1 document of this server: request bodies come from the wire types, responses are written here."""

from parley.wire.openapi.document import build_document

__all__ = ["build_document"]
