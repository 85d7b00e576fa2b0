"""The table that the run ends with says what happened."""

from clients.conformance_table import Table


def test_a_row_counts_its_parts_and_a_failure_is_named() -> None:
    table = Table(("go", "java", "typescript"))
    for part in ("one", "two"):
        table.add(("streams are read", part), "go", "ok")
    table.add(("streams are read", "one"), "java", "ok")
    table.add(("streams are read", "two"), "java", "FAILED")
    table.add(("a key is hidden", ""), "go", "ok")
    table.add(("a key is hidden", ""), "java", "skipped")
    first, _, streams, key, _, *rest = table.text().splitlines()
    assert first.split() == ["go", "java"]
    assert streams.split() == ["streams", "are", "read", "2", "ok", "FAILED", "1", "of", "2"]
    assert key.split() == ["a", "key", "is", "hidden", "ok", "skipped", "1", "of", "1"]
    assert rest == [
        "java: streams are read [two]",
        "go: 3 ok",
        "java: 1 ok, 1 FAILED, 1 skipped",
    ]
