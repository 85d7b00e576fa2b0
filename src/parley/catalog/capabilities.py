"""What models take and give, as rules of data: the first pattern that matches a model's name counts.

Prices and context lengths are not here (prices.py). Facts only, each table with its source; a name that no rule
matches is unknown, and unknown is None, never a guess.
"""

import re
from dataclasses import dataclass, replace
from typing import assert_never

from parley.domain.models import Capabilities, Dialect, Effort

_SAMPLING = frozenset({"temperature", "top_p"})
_REASONING_REFUSES = _SAMPLING | {"presence_penalty", "frequency_penalty", "logit_bias", "logprobs", "top_logprobs"}
_GROK_REFUSES = frozenset({"presence_penalty", "frequency_penalty", "stop"})

_LOW_TO_HIGH = (Effort.LOW, Effort.MEDIUM, Effort.HIGH)
_LOW_TO_XHIGH = (*_LOW_TO_HIGH, Effort.XHIGH)
_LOW_TO_MAX = (*_LOW_TO_XHIGH, Effort.MAX)
_MINIMAL_TO_HIGH = (Effort.MINIMAL, *_LOW_TO_HIGH)
_BUDGETS = (Effort.MINIMAL, *_LOW_TO_MAX)


@dataclass(frozen=True, slots=True)
class Rule:
    """What is known of the models whose name `pattern` matches from its start, in lower case, vendor prefix off."""

    pattern: str
    facts: Capabilities


_CHAT = Capabilities(
    supports_tools=True,
    supports_structured_output=True,
    supports_images=True,
    efforts=(),
    output_token_field="max_completion_tokens",
)
_OLD_CHAT = replace(_CHAT, supports_structured_output=False, supports_images=False, max_output_tokens=4_096)
_O_SERIES = replace(
    _CHAT,
    max_output_tokens=100_000,
    refused_parameters=_REASONING_REFUSES,
    efforts=_LOW_TO_HIGH,
    reasoning_style="effort",
)
_FIRST_O = replace(_O_SERIES, supports_tools=False, supports_structured_output=False, supports_images=False, efforts=())
_GPT_5 = replace(_O_SERIES, max_output_tokens=128_000)
_OPT_IN = replace(_GPT_5, refused_parameters=frozenset(), refused_with_effort=_REASONING_REFUSES)

# Sources: contracts/providers.md sections 1 and 5 (live-checked 2026-07); OpenAI's model pages as quoted in November
# 2026 for gpt-6 (effort none to max) and gpt-6.1 (low to max). Reasoning on by default: sampling is refused; opt-in
# (5.1 to 5.4): refused only where an effort is asked for.
_OPENAI = (
    Rule(r"gpt-3\.5", _OLD_CHAT),
    Rule(r"gpt-4o-2024-05-13", replace(_CHAT, supports_structured_output=False, max_output_tokens=4_096)),
    Rule(r"chatgpt-4o", replace(_CHAT, supports_tools=False, max_output_tokens=16_384)),
    Rule(
        r"gpt-4o(-mini)?-search",
        replace(_CHAT, supports_tools=False, supports_images=False, refused_parameters=_SAMPLING),
    ),
    Rule(r"gpt-4o", replace(_CHAT, max_output_tokens=16_384)),
    Rule(r"gpt-4\.1", replace(_CHAT, max_output_tokens=32_768)),
    Rule(r"gpt-4\.5", replace(_CHAT, max_output_tokens=16_384)),
    Rule(r"gpt-4-turbo", replace(_CHAT, supports_structured_output=False, max_output_tokens=4_096)),
    Rule(r"gpt-4", replace(_OLD_CHAT, max_output_tokens=8_192)),
    Rule(r"o1-(mini|preview)", replace(_FIRST_O, max_output_tokens=32_768)),
    Rule(r"o\d-mini", replace(_O_SERIES, supports_images=True)),
    Rule(r"o\d", _O_SERIES),
    Rule(r"gpt-5(\.\d)?-pro", replace(_GPT_5, efforts=(Effort.HIGH,))),
    Rule(r"gpt-5-chat", replace(_CHAT, supports_tools=False, max_output_tokens=16_384)),
    Rule(r"gpt-5[.-]\d-chat", replace(_GPT_5, efforts=(Effort.MEDIUM,), max_output_tokens=16_384)),
    Rule(r"gpt-5[.-]1", replace(_OPT_IN, efforts=(Effort.NONE, *_LOW_TO_HIGH))),
    Rule(r"gpt-5[.-][234]", replace(_OPT_IN, efforts=(Effort.NONE, *_LOW_TO_XHIGH))),
    Rule(r"gpt-5[.-]5", replace(_GPT_5, efforts=(Effort.NONE, *_LOW_TO_XHIGH))),
    Rule(r"gpt-5[.-]\d", replace(_GPT_5, efforts=(Effort.NONE, *_LOW_TO_MAX))),
    Rule(r"gpt-5", replace(_GPT_5, efforts=_MINIMAL_TO_HIGH)),
    Rule(r"gpt-6[.-]\d", replace(_GPT_5, efforts=_LOW_TO_MAX)),
    Rule(r"gpt-6", replace(_GPT_5, efforts=(Effort.NONE, *_LOW_TO_MAX))),
)

# Sources: contracts/providers.md section 4; the vendors' model pages. No output_token_field: that is the vendor's.
_OPEN = Capabilities(supports_tools=True)
_LOOK_ALIKES = (
    Rule(r"gpt-oss", replace(_OPEN, supports_images=False, efforts=_LOW_TO_HIGH, reasoning_style="effort")),
    Rule(
        r"grok-(3-mini|4\.[3-9])",
        replace(_OPEN, supports_structured_output=True, efforts=_LOW_TO_HIGH, reasoning_style="effort"),
    ),
    Rule(r"grok-4", replace(_OPEN, supports_structured_output=True, refused_parameters=_GROK_REFUSES, efforts=())),
    Rule(r"grok-(2|3|code)", replace(_OPEN, supports_structured_output=True, efforts=())),
    Rule(r"deepseek-(chat|v3)", replace(_OPEN, supports_images=False, efforts=())),
    Rule(r"deepseek-reasoner", replace(_OPEN, supports_images=False, refused_parameters=_SAMPLING)),
    Rule(r"(ministral|mistral-(small|medium|large|nemo)|codestral|devstral|pixtral)", _OPEN),
    Rule(r"claude-(?!(1|2|v1|v2|instant))", replace(_OPEN, supports_images=True)),
    Rule(r"gemini-", replace(_OPEN, supports_structured_output=True, supports_images=True)),
)
_OPENAI_LIKE = _OPENAI + _LOOK_ALIKES

_CLAUDE = Capabilities(supports_tools=True, supports_structured_output=True, supports_images=True, efforts=None)
_CLAUDE_BUDGET = replace(_CLAUDE, reasoning_style="budget", efforts=_BUDGETS, max_output_tokens=64_000)
_CLAUDE_EFFORT = replace(_CLAUDE, reasoning_style="effort", efforts=_LOW_TO_HIGH, max_output_tokens=128_000)
_CLAUDE_NEW = replace(_CLAUDE_EFFORT, efforts=_LOW_TO_MAX, refused_parameters=_SAMPLING | {"top_k"})
_CLAUDE_3 = replace(_CLAUDE, supports_structured_output=False, efforts=(), max_output_tokens=8_192)

# Sources: contracts/providers.md section 2, quirks; maximal output and forced tool choice of the 5.5 family:
# platform.claude.com model pages, November 2026. Structured output False means: ask with one forced tool.
_ANTHROPIC = (
    Rule(r"claude-(fable|mythos)-", replace(_CLAUDE_NEW, supports_forced_tool=False)),
    Rule(r"claude-\w+-5[.-]5", replace(_CLAUDE_NEW, supports_forced_tool=False)),
    Rule(r"claude-(opus|sonnet|haiku)-5", _CLAUDE_NEW),
    Rule(r"claude-opus-4[.-][789]", _CLAUDE_NEW),
    Rule(r"claude-(opus|sonnet)-4[.-]6", replace(_CLAUDE_EFFORT, efforts=(*_LOW_TO_HIGH, Effort.MAX))),
    Rule(r"claude-opus-4[.-]5", replace(_CLAUDE_EFFORT, max_output_tokens=64_000)),
    Rule(r"claude-(sonnet|haiku)-4[.-]5", _CLAUDE_BUDGET),
    Rule(r"claude-opus-4[.-]1", replace(_CLAUDE_BUDGET, max_output_tokens=32_000)),
    Rule(r"claude-opus-4", replace(_CLAUDE_BUDGET, supports_structured_output=False, max_output_tokens=32_000)),
    Rule(r"claude-sonnet-4", replace(_CLAUDE_BUDGET, supports_structured_output=False)),
    Rule(r"claude-(3[.-]7|sonnet-3[.-]7)", replace(_CLAUDE_BUDGET, supports_structured_output=False)),
    Rule(r"claude-3[.-]5", _CLAUDE_3),
    Rule(r"claude-3", replace(_CLAUDE_3, max_output_tokens=4_096)),
    Rule(r"claude-(2|v2|v1|instant)", replace(_CLAUDE_3, supports_tools=False, max_output_tokens=4_096)),
    # A model that is not known yet: native structured output (contracts/config.md), nothing else is assumed.
    Rule(r"", _CLAUDE),
)

_GEMINI_ANY = Capabilities(supports_tools=True, supports_structured_output=True, supports_images=True)
_GEMINI_LEVEL = replace(_GEMINI_ANY, reasoning_style="level", efforts=_MINIMAL_TO_HIGH, max_output_tokens=65_536)
_GEMINI_BUDGET = replace(_GEMINI_LEVEL, reasoning_style="budget", efforts=(Effort.NONE, *_BUDGETS))
_GEMINI_PLAIN = replace(_GEMINI_ANY, efforts=(), max_output_tokens=8_192)

# Sources: contracts/providers.md section 3, quirks; Google's model pages for maximal output.
_GEMINI = (
    Rule(r"gemini-3-pro", replace(_GEMINI_LEVEL, efforts=(Effort.LOW, Effort.HIGH))),
    Rule(r"gemini-3\.\d-pro", replace(_GEMINI_LEVEL, efforts=_LOW_TO_HIGH)),
    Rule(r"gemini-3\.7-flash", replace(_GEMINI_LEVEL, efforts=_LOW_TO_HIGH)),
    Rule(r"gemini-3", _GEMINI_LEVEL),
    Rule(r"gemini-\d+(\.\d+)?-argon", replace(_GEMINI_LEVEL, efforts=_LOW_TO_HIGH)),
    Rule(r"gemini-[4-9]", replace(_GEMINI_LEVEL, efforts=_LOW_TO_HIGH)),
    Rule(r"gemini-2\.5-pro", replace(_GEMINI_BUDGET, efforts=_BUDGETS)),
    Rule(r"gemini-2\.5", _GEMINI_BUDGET),
    Rule(r"gemini-(1|2\.0|pro-1|flash-1)", _GEMINI_PLAIN),
    Rule(r"gemini-flash", _GEMINI_LEVEL),
    Rule(r"gemini-", replace(_GEMINI_ANY, reasoning_style="level")),
    Rule(r"gemma-", replace(_GEMINI_PLAIN, supports_tools=None, supports_structured_output=None)),
)

_SANDBOX = Capabilities(
    supports_tools=False,
    supports_structured_output=True,
    supports_images=False,
    efforts=(),
    refused_parameters=frozenset(),
)
_REPLAY = Capabilities(supports_tools=False, supports_structured_output=False, supports_images=False, efforts=())


def capabilities_of(dialect: Dialect, upstream_model: str) -> Capabilities:
    """Return what is known of a model by its name; all None where nothing is.

    A vendor prefix (`anthropic/claude-…` at OpenRouter) does not count, nor does upper case.
    """
    match dialect:
        case Dialect.SANDBOX:
            return _SANDBOX
        case Dialect.REPLAY:
            return _REPLAY
        case Dialect.ANTHROPIC:
            return _first_match(_ANTHROPIC, upstream_model)
        case Dialect.GEMINI:
            return _first_match(_GEMINI, upstream_model)
        case Dialect.OPENAI:
            return _first_match(_OPENAI_LIKE, upstream_model)
    assert_never(dialect)


def _first_match(rules: tuple[Rule, ...], upstream_model: str) -> Capabilities:
    name = upstream_model.lower().rpartition("/")[2]
    return next((rule.facts for rule in rules if re.match(rule.pattern, name)), Capabilities())
