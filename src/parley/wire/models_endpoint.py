"""The handlers of the model listings: catalog and query in, JSON out. What a model looks like stands in `models.py`."""

from collections.abc import Sequence

from starlette.requests import Request
from starlette.responses import Response

from parley.catalog.catalog import Catalog
from parley.domain.json import JsonValue
from parley.wire.encoding import encode_json
from parley.wire.models import (
    Listed,
    list_for_roundtable,
    list_free,
    list_models,
    list_paid,
    retrieve_model,
    search_models,
)


class ModelsEndpoint:
    """GET /v1/models and its sisters, and GET /v3/models."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog

    async def all(self, request: Request) -> Response:
        return _json(list_models(self._entries(), request.query_params, _is_compare_client(request)))

    async def free(self, request: Request) -> Response:
        return _json(list_free(self._entries(), _is_compare_client(request)))

    async def paid(self, request: Request) -> Response:
        return _json(list_paid(self._entries(), _is_compare_client(request)))

    async def search(self, request: Request) -> Response:
        return _json(search_models(self._entries(), request.query_params))

    async def one(self, request: Request) -> Response:
        return _json(retrieve_model(self._catalog, request.path_params["name"]))

    async def roundtable(self, _request: Request) -> Response:
        return _json(list_for_roundtable(self._catalog.models()))

    def _entries(self) -> Sequence[Listed]:
        return (*self._catalog.panels(), *self._catalog.models())


def _is_compare_client(request: Request) -> bool:
    """Clients of the compare API say who they are, and expect bare arrays."""
    return "x-meshapi-sdk" in request.headers


def _json(value: JsonValue) -> Response:
    return Response(encode_json(value), media_type="application/json")  # type: ignore[arg-type]  # JSON is a kind of Wire
