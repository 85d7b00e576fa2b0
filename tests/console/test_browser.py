"""Finding the browser: a machine without one is told what to install."""

from pathlib import Path

import pytest

from console.browser import chromium_path


def test_without_chromium_tests_are_skipped_with_what_to_install(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("PARLEY_REQUIRE_ALL", raising=False)

    with pytest.raises(pytest.skip.Exception, match="apt-get install chromium"):
        chromium_path()


def test_without_chromium_nothing_is_skipped_where_all_is_required(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("PARLEY_REQUIRE_ALL", "1")

    with pytest.raises(pytest.fail.Exception, match="apt-get install chromium"):
        chromium_path()


@pytest.mark.parametrize("name", ["chromium", "chromium-browser", "google-chrome"])
def test_chromium_is_found_under_each_of_its_names(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str) -> None:
    program = tmp_path / name
    program.touch(mode=0o755)
    monkeypatch.setenv("PATH", str(tmp_path))

    assert chromium_path() == str(program)
