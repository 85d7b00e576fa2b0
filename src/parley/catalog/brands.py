"""Who makes a model, by its name: for listings and searches, never for a decision."""

import re

# Pattern on the model's name without its vendor prefix, in lower case -> the maker's name.
_MAKERS = (
    (r"(chat)?gpt-|o\d(-|$)|text-|davinci|codex-", "OpenAI"),
    (r"claude", "Anthropic"),
    (r"gemini|gemma|learnlm", "Google"),
    (r"(meta-|code)?llama", "Meta"),
    (r"mistral|mixtral|ministral|codestral|devstral|magistral|pixtral|voxtral|open-mi[sx]tral", "Mistral AI"),
    (r"grok", "xAI"),
    (r"deepseek", "DeepSeek"),
    (r"qwen|qwq", "Qwen"),
    (r"phi-|wizardlm", "Microsoft"),
    (r"command|aya", "Cohere"),
    (r"kimi", "Moonshot AI"),
    (r"glm|zai-", "Z.AI"),
    (r"nemotron", "NVIDIA"),
    (r"nova-", "Amazon"),
)
# Vendor prefix of a name -> the maker's name, where capitals alone do not make it.
_PREFIXES = {
    "openai": "OpenAI",
    "x-ai": "xAI",
    "z-ai": "Z.AI",
    "zai-org": "Z.AI",
    "mistralai": "Mistral AI",
    "meta-llama": "Meta",
    "deepseek": "DeepSeek",
    "deepseek-ai": "DeepSeek",
    "moonshotai": "Moonshot AI",
    "nvidia": "NVIDIA",
    "minimax": "MiniMax",
    "ai21": "AI21",
}


def brand_of(upstream_model: str, provider: str) -> str:
    """Return the maker's name: by the model's own name, else by its vendor prefix, else the provider's name."""
    prefix, _, name = upstream_model.lower().lstrip("~").rpartition("/")
    if prefix in _PREFIXES:
        return _PREFIXES[prefix]
    for pattern, maker in _MAKERS:
        if re.match(pattern, name):
            return maker
    return prefix.replace("-", " ").title() if prefix else provider
