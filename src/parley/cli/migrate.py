"""`parley migrate`: gives the configured store the schema of this version, as every start of the server does too."""

from parley.app import START_FAULTS, migrate_store
from parley.cli.connection import read_config, start_fault
from parley.cli.options import Config, Json
from parley.cli.terminal import make_console, write_json


def migrate(config: Config = None, is_json: Json = False) -> None:
    """Bring the configured store up to date."""
    try:
        done = migrate_store(read_config(config).store)
    except START_FAULTS as error:
        raise start_fault(error) from error
    if is_json:
        write_json({"database": done.database, "from": done.found or None, "to": done.revision})
        return
    if done.found == done.revision:
        told = f"is up to date: revision {done.revision}"
    elif done.found:
        told = f"went from revision {done.found} to {done.revision}; every row is kept"
    else:
        told = f"is new: made with revision {done.revision}"
    make_console().print(f"{done.database} {told}.", soft_wrap=True)
