"""The official OpenAI client, run unchanged against both of the server's base URLs."""

import asyncio
import base64
from collections.abc import Iterator
from typing import Any

import openai
import pytest
from openai import AsyncOpenAI, OpenAI
from pydantic import BaseModel

from serving import ADMIN_KEY, serving
from upstream_models import Call, Fails, Upstream, says

ASK: list[Any] = [{"role": "user", "content": "What is the capital of France?"}]
TOOLS: list[Any] = [
    {"type": "function", "function": {"name": "look", "parameters": {"type": "object", "properties": {}}}}
]
BASES = ["/v1", "/v3/compat"]
TEXT = "Paris ☂ 😀\u2028!"
MODELS = {
    "a": [says("Par", "is ☂ 😀\u2028!")],
    "b": [says("Lyon")],
    "j": [says("It is ", "Paris")],
    "json": [says('{"name": "Paris", ', '"people": 2}')],
    "calls": [says(calls=(Call("c1", "look", '{"at": 1}'), Call("c2", "look", "{}")), finish="tool_calls")],
    "refuses": [says(refusal="I won't.")],
    "bad": [Fails(400, "invalid_value", "No such thing.")],
    "busy": [Fails(429, "rate_limit_exceeded")],
    "locked": [Fails(401, "invalid_api_key")],
    "cut": [says("Par", breaks=True)],
}


class City(BaseModel):
    name: str
    people: int


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with Upstream(MODELS, dict.fromkeys(MODELS, ("1", "2"))) as upstream:
        keyed = upstream.toml.replace('auth = "open"', 'auth = "keys"')
        with serving(keyed + '[panels.both]\nmodels = ["a", "b"]\nsummary_model = "j"\n') as address:
            yield address


@pytest.fixture(params=BASES)
def client(url: str, request: pytest.FixtureRequest) -> Iterator[OpenAI]:
    with OpenAI(base_url=url + request.param, api_key=ADMIN_KEY, max_retries=0) as made:
        yield made


def text_of(chunks: Any) -> str:
    return "".join([chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices])


def test_completion_is_read(client: OpenAI) -> None:
    found = client.chat.completions.create(model="a", messages=ASK, temperature=0.5, max_completion_tokens=9, seed=1)
    assert (found.choices[0].message.content, found.choices[0].finish_reason) == (TEXT, "stop")
    assert (found.model, found.object, found.usage.total_tokens) == ("a", "chat.completion", 15)
    assert found._request_id.startswith("req_")


def test_stream_is_read(client: OpenAI) -> None:
    with client.chat.completions.create(model="a", messages=ASK, stream=True) as stream:
        chunks = list(stream)
    assert text_of(chunks) == TEXT
    assert chunks[0].choices[0].delta.role == "assistant"
    assert chunks[-1].choices[0].finish_reason == "stop"


def test_usage_of_a_stream_is_read(client: OpenAI) -> None:
    options: Any = {"include_usage": True}
    chunks = list(client.chat.completions.create(model="a", messages=ASK, stream=True, stream_options=options))
    assert chunks[-1].usage.total_tokens == 15
    assert all(chunk.usage is None for chunk in chunks[:-1])


def test_stream_helper_puts_the_completion_together(client: OpenAI) -> None:
    with client.chat.completions.stream(model="a", messages=ASK) as stream:
        texts = [event.delta for event in stream if event.type == "content.delta"]
        whole = stream.get_final_completion()
    assert ("".join(texts), whole.choices[0].message.content) == (TEXT, TEXT)


def test_tool_calls_are_read_and_answered(client: OpenAI) -> None:
    asked = client.chat.completions.create(model="calls", messages=ASK, tools=TOOLS, tool_choice="required")
    message = asked.choices[0].message
    assert [call.function.arguments for call in message.tool_calls] == ['{"at": 1}', "{}"]
    results = [{"role": "tool", "tool_call_id": call.id, "content": "42"} for call in message.tool_calls]
    history: Any = [*ASK, message.model_dump(), *results]
    assert client.chat.completions.create(model="a", messages=history, tools=TOOLS).choices[0].message.content == TEXT
    with client.chat.completions.stream(model="calls", messages=ASK, tools=TOOLS) as stream:
        whole = stream.get_final_completion()
    calls = whole.choices[0].message.tool_calls
    assert [(call.id, call.function.arguments) for call in calls] == [("c1", '{"at": 1}'), ("c2", "{}")]


def test_answer_is_parsed_into_a_model(client: OpenAI) -> None:
    found = client.chat.completions.parse(model="json", messages=ASK, response_format=City)
    assert found.choices[0].message.parsed == City(name="Paris", people=2)
    with client.chat.completions.stream(model="json", messages=ASK, response_format=City) as stream:
        assert stream.get_final_completion().choices[0].message.parsed == City(name="Paris", people=2)


def test_json_mode_is_answered(client: OpenAI) -> None:
    ask: Any = [{"role": "user", "content": "Answer in JSON."}]
    found = client.chat.completions.create(model="json", messages=ask, response_format={"type": "json_object"})
    assert "Paris" in found.choices[0].message.content


def test_refusal_is_read(client: OpenAI) -> None:
    message = client.chat.completions.create(model="refuses", messages=ASK).choices[0].message
    assert (message.content, message.refusal) == (None, "I won't.")


def test_image_parts_are_sent(client: OpenAI) -> None:
    pixel = base64.b64encode(b"\x89PNG").decode()
    parts = [
        {"type": "text", "text": "Look"},
        {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{pixel}"}},
    ]
    messages: Any = [{"role": "user", "content": parts}]
    assert client.chat.completions.create(model="a", messages=messages).choices[0].message.content == TEXT


def test_panel_and_fallbacks_are_asked(client: OpenAI) -> None:
    assert client.chat.completions.create(model="panel/both", messages=ASK).choices[0].message.content == "It is Paris"
    chunks = list(client.chat.completions.create(model="panel/both", messages=ASK, stream=True))
    assert text_of(chunks) == "It is Paris"
    found = client.chat.completions.create(model="bad", messages=ASK, extra_body={"models": ["b"]})
    assert (found.model, found.choices[0].message.content) == ("b", "Lyon")


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    ("model", "kind", "status", "code"),
    [
        ("nobody", openai.NotFoundError, 404, "model_not_found"),
        ("panel/nobody", openai.NotFoundError, 404, "model_not_found"),
        ("bad", openai.UnprocessableEntityError, 422, "invalid_request"),
        ("busy", openai.RateLimitError, 429, "rate_limited"),
        ("locked", openai.InternalServerError, 502, "authentication"),
    ],
)
def test_errors_have_their_class_also_on_streams(
    client: OpenAI, stream: bool, model: str, kind: type[openai.APIStatusError], status: int, code: str
) -> None:
    with pytest.raises(kind) as caught:
        client.chat.completions.create(model=model, messages=ASK, stream=stream)
    assert (caught.value.status_code, caught.value.code) == (status, code)
    assert caught.value.request_id.startswith("req_")


def test_wrong_key_and_bad_request_have_their_class(client: OpenAI) -> None:
    with pytest.raises(openai.AuthenticationError) as unknown:
        client.with_options(api_key="wrong").chat.completions.create(model="a", messages=ASK)
    assert unknown.value.code == "unauthorized"
    with pytest.raises(openai.UnprocessableEntityError) as unfit:
        client.chat.completions.create(model="a", messages=ASK, n=2)
    assert (unfit.value.code, unfit.value.param) == ("validation_error", "n")


def test_stream_that_breaks_raises_after_its_text(client: OpenAI) -> None:
    chunks = []
    with pytest.raises(openai.APIError) as caught:
        chunks.extend(client.chat.completions.create(model="cut", messages=ASK, stream=True))
    assert caught.value.code == "upstream_error"
    seen = []
    with pytest.raises(openai.APIError):
        for chunk in client.chat.completions.create(model="cut", messages=ASK, stream=True):
            seen.append(chunk)
    assert text_of(seen) == "Par"


def test_models_are_listed_and_described(client: OpenAI) -> None:
    listed = {model.id: model for model in client.models.list()}
    assert {"a", "sandbox/terse", "panel/both"} <= set(listed)
    assert listed["a"].object == "model"
    assert client.models.retrieve("sandbox/terse").id == "sandbox/terse"
    with pytest.raises(openai.NotFoundError):
        client.models.retrieve("nobody/at-all")


@pytest.mark.parametrize("base", BASES)
def test_client_runs_async(url: str, base: str) -> None:
    async def run() -> tuple[str, str, int, int]:
        async with AsyncOpenAI(base_url=url + base, api_key=ADMIN_KEY, max_retries=0) as client:
            whole = await client.chat.completions.create(model="a", messages=ASK)
            stream = await client.chat.completions.create(model="a", messages=ASK, stream=True)
            chunks = [chunk async for chunk in stream]
            listed = [model async for model in client.models.list()]
            with pytest.raises(openai.NotFoundError) as caught:
                await client.chat.completions.create(model="nobody", messages=ASK)
            return whole.choices[0].message.content or "", text_of(chunks), len(listed), caught.value.status_code

    content, streamed, count, status = asyncio.run(run())
    assert (content, streamed, status) == (TEXT, TEXT, 404)
    assert count > 3


def test_sandbox_answers_the_client_without_a_provider() -> None:
    with serving() as url, OpenAI(base_url=url + "/v1", api_key="none", max_retries=0) as client:
        found = client.chat.completions.create(model="sandbox/terse", messages=ASK)
        assert found.choices[0].message.content
        assert found.usage.completion_tokens > 0
        chunks = list(client.chat.completions.create(model="sandbox/terse", messages=ASK, stream=True))
        assert text_of(chunks) == found.choices[0].message.content
        with pytest.raises(openai.InternalServerError) as caught:
            client.chat.completions.create(model="sandbox/down", messages=ASK, extra_body={"timeout": 0.2})
        assert caught.value.status_code in (502, 503)
