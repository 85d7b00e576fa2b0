"""Which models a caller may use: those that its key names, and with a spend cap only those whose price is known."""

from collections.abc import Mapping, Sequence

from parley.domain.errors import Forbidden
from parley.domain.models import Deployment
from parley.gate.keyring import Caller, allows, check_models


def check_use(caller: Caller, places: Mapping[str, Sequence[Deployment]], panel_name: str | None = None) -> None:
    """Raise Forbidden for the first model that `caller` may not use; `places` are where each model may be called.

    Who may use the panel of the configuration that `panel_name` names may use through it what it is made of.
    """
    if panel_name is None or not allows(caller, panel_name):
        check_models(caller, places)
    if caller.spend_cap_usd is None and caller.spend_cap_month_usd is None:
        return
    for deployments in places.values():
        for place in deployments:
            if place.price is None:
                name = f"{place.provider}/{place.upstream_model}"
                raise Forbidden(f"The price of {name} is not known, so a key with a spend cap may not use it.")
