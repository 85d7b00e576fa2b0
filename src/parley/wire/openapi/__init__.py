"""The OpenAPI 3.1 document of this server and its readable page: request bodies come from the wire types."""

from parley.wire.openapi.document import build_document
from parley.wire.openapi.examples import Example, load_examples
from parley.wire.openapi.operations import Operation, operations
from parley.wire.openapi.page import render_page

__all__ = ["Example", "Operation", "build_document", "load_examples", "operations", "render_page"]
