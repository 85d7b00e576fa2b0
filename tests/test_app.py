"""What keeps a house from being assembled is a fault that its operator can mend, told in a sentence."""

import asyncio
from pathlib import Path

import pytest

from parley.app import START_FAULTS, Fittings, assemble
from parley.books import journal
from parley.config import load_config


def test_journal_that_cannot_be_kept_is_a_start_fault(tmp_path: Path) -> None:
    for number in range(journal._MOST_FILES):
        (tmp_path / f"parley.db-journal-{number}").mkdir()  # a folder can't be opened for writing, not even by root
    config = load_config(None, {"PARLEY_STORE_URL": f"sqlite:///{tmp_path}/parley.db", "PARLEY_ADMIN_KEY": "k" * 40})
    with pytest.raises(START_FAULTS, match="journal can't be kept"):
        asyncio.run(assemble(config, Fittings()))
