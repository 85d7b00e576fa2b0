"""What every endpoint but the panels' shares: who asks, the JSON body under the same rules, the JSON answer.

A handler takes a Request and returns a Response; refusals are raised and become the envelope in `routes.py`:

    async def create(self, request: Request) -> Response:
        body = await read_json(request, self._serving, KeyBody)
        ... caller_of(request).key_id ...
        return json_response({"id": ...}, status=201)
"""

from typing import TypeVar

from starlette.requests import Request
from starlette.responses import Response

from parley.domain.errors import Forbidden, NotFound
from parley.gate.keyring import Caller
from parley.wire.body import read_body
from parley.wire.decoding import decode_body
from parley.wire.encoding import Wire, encode_json
from parley.wire.endpoint import Serving

T = TypeVar("T")


async def read_json(request: Request, serving: Serving, shape: type[T]) -> T:
    """Return the body as `shape`, a msgspec Struct with `forbid_unknown_fields=True`.

    Raises NotAcceptable for its type, encoding, size or slowness, InvalidRequest for what stands in it, ClientGone.
    """
    body = await read_body(request.scope, request.receive, serving.settings.max_body_bytes, serving.patience.body_s)
    return decode_body(body, shape)


def caller_of(request: Request) -> Caller:
    """Return who asks; the table in `routes.py` has let nobody in without a key."""
    caller = request.scope["state"]["caller"]
    assert isinstance(caller, Caller)
    return caller


def id_in_path(request: Request, name: str) -> str:
    """Return an id as it stands in the path. Raises NotFound for one with a NUL, which PostgreSQL can't look up."""
    text = str(request.path_params[name])
    if "\x00" in text:
        raise NotFound(f"There is nothing with the id {text[:60]!r}; an id has no NUL in it.")
    return text


def check_admin(caller: Caller) -> None:
    """Raise Forbidden unless the key is an admin's; rows of the table with `is_admin` are checked already."""
    if not caller.is_admin:
        raise Forbidden("This is for admin keys; the key sent is an ordinary one.")


def json_response(value: Wire, status: int = 200) -> Response:
    """Return `value` as a JSON answer; Decimals become JSON numbers, so format money as text before."""
    return Response(encode_json(value), status, media_type="application/json")
