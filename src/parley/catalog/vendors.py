"""The vendors that Parley knows by name, as rows of data: dialect, address, key, and how their wire differs.

Sources: contracts/providers.md and config.md where a row names none; the others are named with the fact. A local server
has a port instead of a key. Nothing here is looked up in the network.
"""

from dataclasses import dataclass
from urllib.parse import urlsplit

from parley.domain.models import Dialect
from parley.domain.settings import Quirks


@dataclass(frozen=True, slots=True)
class Vendor:
    """One row. `base_url`: up to and with /v1 for the openai dialect, without a version for the others."""

    name: str
    title: str
    dialect: Dialect
    base_url: str
    api_key_env: str = ""
    local_port: int | None = None
    quirks: Quirks = Quirks()

    @property
    def is_local(self) -> bool:
        return self.local_port is not None


VENDORS: tuple[Vendor, ...] = (
    Vendor(
        "openai",
        "OpenAI",
        Dialect.OPENAI,
        "https://api.openai.com/v1",
        "OPENAI_API_KEY",
        quirks=Quirks(output_token_field="max_completion_tokens"),
    ),
    Vendor("anthropic", "Anthropic", Dialect.ANTHROPIC, "https://api.anthropic.com", "ANTHROPIC_API_KEY"),
    Vendor("gemini", "Google Gemini", Dialect.GEMINI, "https://generativelanguage.googleapis.com", "GEMINI_API_KEY"),
    Vendor(
        "mistral",
        "Mistral",
        Dialect.OPENAI,
        "https://api.mistral.ai/v1",
        "MISTRAL_API_KEY",
        # Refuses every field outside of its own schema with 422 extra_forbidden: max_completion_tokens
        # (editor-code-assistant/eca#315), reasoning_content in history (charmbracelet/crush#1590), logit_bias and user
        # (mistralai/platform-docs-public#7). Seeds are random_seed; usage is in the last chunk unasked (its API
        # reference).
        quirks=Quirks(
            seed_field="random_seed",
            supports_stream_usage=False,
            supports_strict=False,
            supports_message_names=False,
            drops_reasoning_history=True,
            refused_parameters=frozenset({"logit_bias", "logprobs", "top_logprobs", "user", "store", "service_tier"}),
        ),
    ),
    Vendor(
        "groq",
        "Groq",
        Dialect.OPENAI,
        "https://api.groq.com/openai/v1",
        "GROQ_API_KEY",
        # 400 for logprobs, logit_bias, top_logprobs and messages[].name (console.groq.com/docs/openai); max_tokens is
        # deprecated (groq/groq-python#175); strict schemas on two of its models only (its page on structured outputs).
        quirks=Quirks(
            output_token_field="max_completion_tokens",
            supports_strict=False,
            supports_message_names=False,
            refused_parameters=frozenset({"logit_bias", "logprobs", "top_logprobs"}),
        ),
    ),
    Vendor(
        "xai",
        "xAI",
        Dialect.OPENAI,
        "https://api.x.ai/v1",
        "XAI_API_KEY",
        # Schemas are always enforced, so that strict mode's rewriting gains nothing (docs.x.ai, structured outputs).
        quirks=Quirks(output_token_field="max_completion_tokens", supports_strict=False),
    ),
    Vendor(
        "deepseek",
        "DeepSeek",
        Dialect.OPENAI,
        "https://api.deepseek.com/v1",
        "DEEPSEEK_API_KEY",
        # json_schema is a 400, json_object is taken (BerriAI/litellm#31466). Reasoning in history stays: since V4 its
        # absence after a tool call is a 400, elsewhere it is ignored (api-docs.deepseek.com/guides/thinking_mode).
        quirks=Quirks(supports_structured_output=False, supports_strict=False),
    ),
    Vendor(
        "openrouter",
        "OpenRouter",
        Dialect.OPENAI,
        "https://openrouter.ai/api/v1",
        "OPENROUTER_API_KEY",
    ),
    Vendor(
        "together",
        "Together",
        Dialect.OPENAI,
        "https://api.together.xyz/v1",
        "TOGETHER_API_KEY",
        # Schemas are enforced by grammar; strict is not in its API reference.
        quirks=Quirks(supports_strict=False),
    ),
    Vendor(
        "ollama",
        "Ollama",
        Dialect.OPENAI,
        "http://127.0.0.1:11434/v1",
        local_port=11434,
        # Schemas are enforced by grammar. As for all local servers: many chat templates take one system message only.
        quirks=Quirks(supports_strict=False, merges_system_messages=True),
    ),
    Vendor(
        "lmstudio",
        "LM Studio",
        Dialect.OPENAI,
        "http://127.0.0.1:1234/v1",
        local_port=1234,
        # 400 for json_object (lmstudio-ai/lmstudio-bug-tracker#189) and for a tool choice that is an object
        # (can1357/llm-git#13).
        quirks=Quirks(
            supports_json_object=False,
            supports_strict=False,
            supports_named_tool=False,
            merges_system_messages=True,
        ),
    ),
    Vendor(
        "llamacpp",
        "llama.cpp",
        Dialect.OPENAI,
        "http://127.0.0.1:8081/v1",
        local_port=8081,
        # A named tool choice becomes auto without a word.
        quirks=Quirks(supports_strict=False, supports_named_tool=False, merges_system_messages=True),
    ),
    Vendor(
        "vllm",
        "vLLM",
        Dialect.OPENAI,
        "http://127.0.0.1:8000/v1",
        local_port=8000,
        quirks=Quirks(supports_strict=False, merges_system_messages=True),
    ),
)

_BY_NAME = {vendor.name: vendor for vendor in VENDORS}
_BY_HOST = {urlsplit(vendor.base_url).hostname: vendor for vendor in VENDORS if not vendor.is_local}


def find_vendor(name: str, base_url: str = "") -> Vendor | None:
    """Return the vendor behind a configured provider: by the host of its address, else by its name; None if unknown."""
    return _BY_HOST.get(urlsplit(base_url).hostname) or _BY_NAME.get(name)
