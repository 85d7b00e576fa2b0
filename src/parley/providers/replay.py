"""The replay dialect: recorded answers from a file of rows `{"prompt": text, "answers": {model: text}}`.

The file is read once, when the provider is built; a bad row stops the start. What is not recorded is that seat's
failure, never somebody else's answer. Source: contracts/config.md, section "Replay".
"""

import asyncio
import gzip
import json
import zlib
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing
from pathlib import Path
from typing import BinaryIO, cast

import msgspec

from parley.domain.errors import FailureCode, SeatFailure, UpstreamFailure
from parley.domain.messages import Role
from parley.domain.run import FinishReason
from parley.domain.settings import ProviderSettings
from parley.domain.usage import Usage, estimate_tokens
from parley.providers.bounds import bounded
from parley.providers.pacing import Pace, Sleep
from parley.providers.provider import Call, Chunk, FinishChunk, UsageChunk

_GZIP_MAGIC = b"\x1f\x8b"
_SHAPE = '{"prompt": text, "answers": {model: text}}'
_PACED_PIECE_CHARS = 4
_INSTANT_PIECE_CHARS = 32  # nobody watches an answer that comes at once: fewer pieces, the same text


class ReplayFileError(ValueError):
    """A file that can't be replayed; the message names file and line."""


class _Row(msgspec.Struct):
    """One line of the file. Unknown fields are ignored, so that a data set may carry its own."""

    prompt: str
    answers: dict[str, str]


_ROWS = msgspec.json.Decoder(_Row)


class ReplayFile:
    """All recorded answers: prompt -> model -> text. Of two rows with one prompt the later adds and replaces."""

    def __init__(self, path: Path) -> None:
        """Load `path`, plain or gzip by its first bytes. Raises ReplayFileError."""
        self.name = path.name
        self._answers: dict[str, dict[str, str]] = {}
        for row in _read_rows(path):
            self._answers.setdefault(row.prompt, {}).update(row.answers)

    def __len__(self) -> int:
        """How many different prompts are recorded."""
        return len(self._answers)

    @property
    def models(self) -> tuple[str, ...]:
        """Every model that has an answer to some prompt, in the order of the file."""
        return tuple(dict.fromkeys(model for answers in self._answers.values() for model in answers))

    def find(self, prompt: str) -> dict[str, str] | None:
        """Return the answers to exactly this prompt, by model."""
        return self._answers.get(prompt)


class ReplayProvider:
    """Answers from one ReplayFile: at once, or at `settings.tokens_per_s`."""

    def __init__(self, settings: ProviderSettings, sleep: Sleep = asyncio.sleep) -> None:
        """Load `settings.path`. Raises ReplayFileError."""
        if not settings.path:
            raise ReplayFileError(f'provider {settings.name} has no path; give it path = "answers.jsonl.gz"')
        self.file = ReplayFile(Path(settings.path))
        speed = settings.tokens_per_s or 0.0
        self._pace = Pace(speed, sleep, _PACED_PIECE_CHARS if speed else _INSTANT_PIECE_CHARS)

    async def stream(self, call: Call) -> AsyncIterator[Chunk]:
        """Yield the recorded answer to the newest user message that is a recorded prompt.

        An empty recording yields no text. Raises UpstreamFailure(model_not_found) for an unknown prompt or model.
        """
        text = self._recorded(call)
        paced = self._pace.stream(text, is_streamed=call.is_streamed)
        async with aclosing(bounded(paced, call.limits.max_answer_bytes)) as pieces:
            async for piece in pieces:
                yield piece
        input_tokens = sum(estimate_tokens(message.text) for message in call.messages)
        yield UsageChunk(Usage(input_tokens, estimate_tokens(text), is_estimate=True))
        yield FinishChunk(FinishReason.STOP)

    async def close(self) -> None:
        """Nothing is held open."""

    def _recorded(self, call: Call) -> str:
        prompts = [message.text for message in reversed(call.messages) if message.role is Role.USER]
        found = next((answers for prompt in prompts if (answers := self.file.find(prompt)) is not None), None)
        if found is None:
            raise _not_found(
                f"none of the {len(prompts)} user messages equals one of the {len(self.file)} prompts recorded in "
                f"{self.file.name}; a prompt must be the same to the last blank, or be recorded first (parley record)"
            )
        model = call.deployment.upstream_model
        if model not in found:
            known = ", ".join(sorted(found)) or "none"
            raise _not_found(f"{self.file.name} has no answer of {model} to this prompt; recorded are: {known}")
        return found[model]


def _not_found(message: str) -> UpstreamFailure:
    return UpstreamFailure(SeatFailure(FailureCode.MODEL_NOT_FOUND, message))


def _read_rows(path: Path) -> Iterator[_Row]:
    number = 0
    try:
        with _open(path) as lines:
            for number, line in enumerate(lines, 1):  # noqa: B007, the number of the line that breaks is told below
                if line.strip():
                    yield _decode_row(line)
    except OSError as error:
        raise ReplayFileError(f"{path}: cannot be read after line {number}: {error.strerror or error}") from error
    except (EOFError, zlib.error) as error:
        raise ReplayFileError(f"{path}: the gzip data breaks off after line {number}: {error}") from error
    except msgspec.MsgspecError as error:
        raise ReplayFileError(f"{path}, line {number}: {error}; a row is {_SHAPE}") from error
    except (ValueError, RecursionError) as error:
        raise ReplayFileError(f"{path}, line {number}: not a JSON object ({error}); a row is {_SHAPE}") from error


def _open(path: Path) -> BinaryIO:
    with path.open("rb") as file:
        is_gzip = file.read(2) == _GZIP_MAGIC
    return cast("BinaryIO", gzip.open(path, "rb")) if is_gzip else path.open("rb")


def _decode_row(line: bytes) -> _Row:
    try:
        return _ROWS.decode(line)
    except msgspec.ValidationError:
        raise
    except msgspec.DecodeError:
        # msgspec refuses lone surrogates, which recordings of real traffic may hold as escapes.
        row = msgspec.convert(json.loads(line), _Row)
        return _Row(_whole(row.prompt), {model: _whole(text) for model, text in row.answers.items()})


def _whole(text: str) -> str:
    """Return `text` with U+FFFD for halves of surrogate pairs: no answer in UTF-8 could hold them."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
