"""The console's libraries are the published ones: their files agree with the checksums that stand beside them."""

import vendor_console


def test_vendored_files_are_those_that_were_fetched() -> None:
    assert list(vendor_console.faults()) == []


def test_changed_file_is_named(tmp_path, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    for file in vendor_console.VENDOR.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    (tmp_path / "marked.js").write_text("export const marked = evil;")
    monkeypatch.setattr(vendor_console, "VENDOR", tmp_path)
    monkeypatch.setattr(vendor_console, "LOCK", tmp_path / "vendor.json")
    assert any("marked.js" in fault for fault in vendor_console.faults())
