"""How many tokens messages are: about, and at most. No tokenizer runs: it would cost more than it tells."""

from collections.abc import Sequence

from parley.domain.messages import Message, TextPart
from parley.domain.quick import dataclass
from parley.domain.usage import estimate_tokens

_IMAGE_TOKENS = 1_000
"""Assumed input of a part that is not text, where a provider counts nothing: about one image of a megapixel."""

_FRAME_TOKENS = 8


@dataclass(frozen=True, slots=True)
class PromptSize:
    """Tokens of some messages: what is likely, and the most that they can be."""

    likely_tokens: int
    most_tokens: int


def size_of(messages: Sequence[Message]) -> PromptSize:
    return PromptSize(estimate_input_tokens(messages), most_input_tokens(messages))


def estimate_input_tokens(messages: Sequence[Message]) -> int:
    """Return about how many tokens `messages` are: their text, and a flat figure for each part that is none."""
    texts, others = _parts(messages)
    return estimate_tokens("".join(texts)) + _IMAGE_TOKENS * others


def most_input_tokens(messages: Sequence[Message]) -> int:
    """Return the most tokens that `messages` can be: one to a byte of text, and what frames each message.

    A tokenizer that works on bytes never makes more. Source of the frame's figure: OpenAI's token counting guide,
    three to four tokens a message, doubled.
    """
    texts, others = _parts(messages)
    texts += [call.arguments for message in messages for call in message.tool_calls]
    size_bytes = sum([len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass")) for text in texts])
    return size_bytes + _FRAME_TOKENS * (len(messages) + 1) + 2 * _IMAGE_TOKENS * others


def _parts(messages: Sequence[Message]) -> tuple[list[str], int]:
    """Return the texts, and how many parts are none."""
    texts = []
    others = 0
    for message in messages:
        for part in message.parts:
            if isinstance(part, TextPart):
                texts.append(part.text)
            else:
                others += 1
    return texts, others
