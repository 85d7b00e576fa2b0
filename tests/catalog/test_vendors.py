"""The rows of known vendors: complete, unambiguous, and found by name or address."""

from urllib.parse import urlsplit

import pytest

from parley.catalog.vendors import VENDORS, Vendor, find_vendor
from parley.domain.models import Dialect

KEYS = {
    "openai": "OPENAI_API_KEY",
    "anthropic": "ANTHROPIC_API_KEY",
    "gemini": "GEMINI_API_KEY",
    "mistral": "MISTRAL_API_KEY",
    "groq": "GROQ_API_KEY",
    "xai": "XAI_API_KEY",
    "deepseek": "DEEPSEEK_API_KEY",
    "openrouter": "OPENROUTER_API_KEY",
    "together": "TOGETHER_API_KEY",
}
PORTS = {"ollama": 11434, "lmstudio": 1234, "llamacpp": 8081, "vllm": 8000}


def test_the_vendors_are_those_of_the_contract_with_their_keys_and_ports() -> None:
    assert {vendor.name: vendor.api_key_env for vendor in VENDORS if not vendor.is_local} == KEYS
    assert {vendor.name: vendor.local_port for vendor in VENDORS if vendor.is_local} == PORTS


@pytest.mark.parametrize("vendor", VENDORS, ids=lambda vendor: vendor.name)
def test_addresses_have_the_form_of_their_dialect(vendor: Vendor) -> None:
    address = urlsplit(vendor.base_url)
    assert address.path.endswith("/v1") if vendor.dialect is Dialect.OPENAI else address.path == ""
    if vendor.is_local:
        assert (address.scheme, address.hostname, address.port) == ("http", "127.0.0.1", vendor.local_port)
    else:
        assert address.scheme == "https"


def test_vendor_is_found_by_the_host_of_its_address_before_its_name() -> None:
    for name, base_url, expected in (
        ("openai", "", "openai"),
        ("ours", "https://api.mistral.ai/v1", "mistral"),
        ("openai", "https://api.groq.com/openai/v1", "groq"),
        ("openai", "https://proxy.example/v1", "openai"),
    ):
        found = find_vendor(name, base_url)
        assert found is not None
        assert found.name == expected
    assert find_vendor("ours", "http://127.0.0.1:9999/v1") is None
