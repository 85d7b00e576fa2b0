"""What a question is made of: prompts, pipes, files under their names, images by what their bytes say."""

import base64
import io
from pathlib import Path

import pytest

from parley.cli.fault import CommandFault, ExitCode
from parley.cli.material import Question, read_image, read_question

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 8


def refusal(*arguments: object) -> str:
    with pytest.raises(CommandFault) as caught:
        read_question(*arguments)  # type: ignore[arg-type]
    assert caught.value.exit_code is ExitCode.USAGE
    return caught.value.message


def pipe(monkeypatch: pytest.MonkeyPatch, raw: bytes) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(raw), encoding="utf-8"))


@pytest.mark.parametrize("prompt", ["-", None])
def test_pipe_is_the_prompt_where_it_is_named_or_nothing_else_is_given(
    prompt: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    pipe(monkeypatch, "Wie spät?\n\n".encode())
    assert read_question(prompt) == Question("Wie spät?\n")


def test_pipe_is_left_alone_where_there_is_a_prompt(monkeypatch: pytest.MonkeyPatch) -> None:
    pipe(monkeypatch, b"unread")
    assert read_question("hi").content == "hi"


def test_one_file_alone_is_the_prompt(tmp_path: Path) -> None:
    place = tmp_path / "question.txt"
    place.write_bytes(b"\xef\xbb\xbfTea or coffee?\n")
    assert read_question(None, [str(place)]).text == "Tea or coffee?"


def test_several_files_stand_under_their_names_in_fences_that_hold(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.md").write_text("```python\nx = 1\n```\n")
    (tmp_path / "b.txt").write_text("plain")
    monkeypatch.chdir(tmp_path)
    pipe(monkeypatch, b"piped\n")
    assert read_question("Review.", ["a.md", "b.txt", "-"]).text == (
        "Review.\n\na.md:\n````\n```python\nx = 1\n```\n````"
        "\n\nb.txt:\n```\nplain\n```\n\nstandard input:\n```\npiped\n```"
    )
    assert read_question(None, ["a.md", "b.txt"]).text.startswith("a.md:\n````\n")


@pytest.mark.parametrize(
    ("name", "raw", "reason"),
    [
        ("a.bin", b"MZ\0\0\1\2", "is binary, not text"),
        ("a.txt", "größe".encode("latin-1"), "is not UTF-8 text (byte 2); convert it"),
        ("a.txt", "text".encode("utf-16"), "is not UTF-8 text"),
        ("a.txt", PNG, "is an image; hand it over with --image"),
        ("a.txt", b"", "is empty"),
        ("a.txt", b" \n", "blank"),
        ("a.txt", b"x" * (4 * 1024 * 1024 + 1), "over 4 MiB"),
    ],
)
def test_file_that_is_no_prompt_is_refused_with_the_next_step(
    name: str, raw: bytes, reason: str, tmp_path: Path
) -> None:
    (tmp_path / name).write_bytes(raw)
    assert reason in refusal(None, [str(tmp_path / name)])


def test_file_of_exactly_the_most_bytes_is_read(tmp_path: Path) -> None:
    (tmp_path / "full.txt").write_bytes(b"x" * (4 * 1024 * 1024))
    assert len(read_question(None, [str(tmp_path / "full.txt")]).text) == 4 * 1024 * 1024


def test_binary_pipe_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    pipe(monkeypatch, b"a\0b")
    assert "Standard input is binary" in refusal("-")


@pytest.mark.parametrize(
    ("raw", "kind"),
    [
        (PNG, "image/png"),
        (b"\xff\xd8\xff\xe0", "image/jpeg"),
        (b"GIF89a..", "image/gif"),
        (b"RIFF\x04\0\0\0WEBPVP8 ", "image/webp"),
    ],
)
def test_image_gets_the_type_that_its_bytes_say(raw: bytes, kind: str, tmp_path: Path) -> None:
    place = tmp_path / "picture.txt"
    place.write_bytes(raw)
    assert read_image(str(place)) == f"data:{kind};base64,{base64.b64encode(raw).decode()}"


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"%PDF-1.7", "a PDF file"),
        (b"\n<svg xmlns=", "SVG or HTML"),
        (b"MM\0*", "a TIFF image"),
        (b"abcdef", "it begins with b'abcd'"),
        (b"", "is empty"),
        (PNG + b"x" * 20 * 1024 * 1024, "over 20 MiB, the most; scale it down"),
    ],
)
def test_file_that_is_no_image_is_refused_with_what_it_is(raw: bytes, reason: str, tmp_path: Path) -> None:
    (tmp_path / "picture.png").write_bytes(raw)
    with pytest.raises(CommandFault) as caught:
        read_image(str(tmp_path / "picture.png"))
    assert reason in caught.value.message


def test_address_of_an_image_is_passed_on_and_not_fetched() -> None:
    question = read_question("What is it?", None, ["https://x.example/cat.png"])
    assert question.content == [
        {"type": "text", "text": "What is it?"},
        {"type": "image_url", "image_url": {"url": "https://x.example/cat.png"}},
    ]
