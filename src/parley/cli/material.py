"""What a question is made of: words, text files with their names, images. Unfit ones are refused with the next step."""

import base64
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from parley.cli.fault import misused
from parley.domain.json import JsonObject, JsonValue

STANDARD_INPUT = "-"
_MOST_TEXT_BYTES = 4 * 1024 * 1024
_MOST_IMAGE_BYTES = 20 * 1024 * 1024
"""What the largest providers take; a server's own bound, server.max_body_bytes, is lower unless it is raised."""

_FETCHED = ("http://", "https://", "data:image/")
# Sources: PNG, section 5.2; JFIF and EXIF, SOI marker; GIF89a, section 17; the WebP container specification.
_MAGIC = {
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"\xff\xd8\xff": "image/jpeg",
    b"GIF87a": "image/gif",
    b"GIF89a": "image/gif",
}
_OTHERS = {
    b"%PDF": "a PDF file",
    b"BM": "a BMP image",
    b"II*\0": "a TIFF image",
    b"MM\0*": "a TIFF image",
    b"<": "SVG or HTML",
}


_UTF_16 = (b"\xff\xfe", b"\xfe\xff")


@dataclass(frozen=True, slots=True)
class Question:
    """What one turn of a user says; `images` are URLs, `data:` ones for files."""

    text: str
    images: tuple[str, ...] = ()

    @property
    def content(self) -> JsonValue:
        """The content of a chat message: text alone as a string, else parts."""
        if not self.images:
            return self.text
        parts: list[JsonValue] = [{"type": "text", "text": self.text}] if self.text else []
        return [*parts, *[_image_part(url) for url in self.images]]


def read_question(
    prompt: str | None, files: Sequence[str] | None = None, images: Sequence[str] | None = None
) -> Question:
    """Return the question of a command's options.

    `-` as the prompt or as a file is standard input, which is also read where there is neither prompt nor file.
    """
    files = files or []
    if prompt is None and not files:
        if sys.stdin is None or sys.stdin.isatty():
            raise misused("There is no prompt. Write it in quotes, pipe it in, or name a file with --file.")
        prompt = STANDARD_INPUT
    if [prompt, *files].count(STANDARD_INPUT) > 1:
        raise misused("Standard input, -, is named twice; it can be read once.")
    said = "" if prompt is None else _read_prompt(prompt)
    if prompt is None and len(files) == 1:
        said = _read_file(files[0])
    else:
        said = "\n\n".join([*([said] if prompt is not None else []), *[_attached(name) for name in files]])
    if not said.strip():
        raise misused("The prompt is blank; write what the models are to answer.")
    return Question(said, tuple(read_image(place) for place in images or []))


def read_attachment(name: str) -> str:
    """Return a text file as it is added to a question, under its name."""
    return _attached(name)


def read_image(place: str) -> str:
    """Return the URL of an image: an address as it stands, a file as `data:` with the type that its bytes say."""
    if place.startswith(_FETCHED):
        return place
    raw = _read_bytes("--image", place, _MOST_IMAGE_BYTES, "scale it down")
    return f"data:{_image_type(place, raw)};base64,{base64.b64encode(raw).decode()}"


def _image_part(url: str) -> JsonObject:
    return {"type": "image_url", "image_url": {"url": url}}


def _read_prompt(prompt: str) -> str:
    if prompt == STANDARD_INPUT:
        return _read_standard_input()
    try:
        prompt.encode()
    except UnicodeError as error:
        raise misused("The question is not UTF-8 text.") from error
    return prompt


def _read_standard_input() -> str:
    """Return standard input, whose last line end does not count."""
    try:
        text = sys.stdin.read().removesuffix("\n")
        text.encode()
    except UnicodeError as error:
        raise misused("The question is not UTF-8 text.") from error
    except OSError as error:
        raise misused(f"There is no prompt, and standard input can't be read: {_reason(error)}.") from error
    return _checked_text("Standard input", text)


def _attached(name: str) -> str:
    text = _read_standard_input() if name == STANDARD_INPUT else _read_file(name)
    fence = "`" * (max(2, _longest_run(text)) + 1)
    title = "standard input" if name == STANDARD_INPUT else name
    return f"{title}:\n{fence}\n{text}\n{fence}"


def _longest_run(text: str) -> int:
    """Return how many backticks stand together at most: a fence needs more."""
    longest = run = 0
    for character in text if "`" in text else "":
        run = run + 1 if character == "`" else 0
        longest = max(longest, run)
    return longest


def _read_file(name: str) -> str:
    if name == STANDARD_INPUT:
        return _read_standard_input()
    raw = _read_bytes("--file", name, _MOST_TEXT_BYTES, "send the part that matters")
    if _is_image(raw):
        raise misused(f"--file {name} is an image; hand it over with --image {name}.")
    if b"\0" in raw and not raw.startswith(_UTF_16):
        raise misused(f"--file {name} is binary, not text; a model reads text, and images with --image.")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeError as error:
        message = f"--file {name} is not UTF-8 text (byte {_place(error)}); convert it, for instance with iconv."
        raise misused(message) from error
    return _checked_text(f"--file {name}", text.removesuffix("\n"))


def _place(error: UnicodeError) -> str:
    return f"{error.start:,}" if isinstance(error, UnicodeDecodeError) else "unknown"


def _checked_text(what: str, text: str) -> str:
    if "\0" in text:
        raise misused(f"{what} is binary, not text; a model reads text, and images with --image.")
    return text


def _read_bytes(option: str, name: str, most_bytes: int, remedy: str) -> bytes:
    try:
        with Path(name).open("rb") as file:
            raw = file.read(most_bytes + 1)
    except (OSError, ValueError) as error:
        raise misused(f"{option} {name} can't be read: {_reason(error)}.") from error
    if len(raw) > most_bytes:
        raise misused(f"{option} {name} has over {most_bytes // 1024 // 1024} MiB, the most; {remedy}.")
    if not raw:
        raise misused(f"{option} {name} is empty.")
    return raw


def _reason(error: Exception) -> str:
    said = error.strerror if isinstance(error, OSError) else None
    return said or str(error) or type(error).__name__


def _is_image(raw: bytes) -> bool:
    return _sniffed(raw) is not None


def _sniffed(raw: bytes) -> str | None:
    if raw[:4] == b"RIFF" and raw[8:12] == b"WEBP":
        return "image/webp"
    return next((kind for magic, kind in _MAGIC.items() if raw.startswith(magic)), None)


def _image_type(name: str, raw: bytes) -> str:
    kind = _sniffed(raw)
    if kind is None:
        other = next((kind for magic, kind in _OTHERS.items() if raw.lstrip().startswith(magic)), None)
        found = f"it looks like {other}" if other else f"it begins with {raw[:4]!r}"
        raise misused(f"--image {name} is no PNG, JPEG, GIF or WebP image ({found}); convert it to one of these.")
    return kind
