"""The official Python client of the compare API, `meshapi` 0.1.11, run unchanged against the server."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from importlib.metadata import version
from typing import Any, TypeVar

import pytest
from meshapi import (
    AsyncMeshAPI,
    ChatCompletionChunk,
    ChatCompletionParams,
    ChatMessage,
    CompareParams,
    CompareStreamEvent,
    CreateTemplateParams,
    MeshAPI,
    MeshAPIError,
    ModelSearchParams,
    UpdateTemplateParams,
)
from meshapi import _types as types

from serving import ADMIN_KEY, serving
from upstream_models import Call, Fails, Upstream, says

T = TypeVar("T")
ASK = [ChatMessage(role="user", content="What is the capital of France?")]
TEXT = "Paris ☂ 😀\u2028\x85!"
MODELS = {
    "a": [says("Par", "is ☂ 😀\u2028\x85!")],
    "b": [says("Lyon")],
    "bad": [Fails(400, message="No such thing.")],
    "down": [Fails(503)],
    "calls": [says(calls=(Call("c1", "look", '{"at": 1}'),), finish="tool_calls")],
    "j": [says("## Accuracy\n", "Answer A, Answer B ☂")],
}


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with Upstream(MODELS, dict.fromkeys(MODELS, ("1", "2"))) as upstream:
        keyed = upstream.toml.replace('auth = "open"', 'auth = "keys"')
        with serving(keyed + '[panels.both]\nmodels = ["a", "b"]\nsummary_model = "j"\n') as address:
            yield address


@pytest.fixture
def client(url: str) -> Iterator[MeshAPI]:
    with MeshAPI(base_url=url, token=ADMIN_KEY, max_retries=0) as made:
        yield made


@asynccontextmanager
async def connected(url: str, token: str = ADMIN_KEY) -> AsyncIterator[AsyncMeshAPI]:
    async with AsyncMeshAPI(base_url=url, token=token, max_retries=0) as made:
        yield made


async def collected(stream: AsyncIterator[T]) -> list[T]:
    return [one async for one in stream]


def compare(*models: str, **fields: Any) -> CompareParams:
    return CompareParams(models=list(models), messages=ASK, **fields)


def chat(model: str | None = "a", **fields: Any) -> ChatCompletionParams:
    return ChatCompletionParams(model=model, messages=ASK, **fields)


def text_of(told: list[CompareStreamEvent], model: str) -> str:
    return "".join([one.delta or "" for one in told if one.event == "model_chunk" and one.model == model])


def said(told: list[ChatCompletionChunk]) -> str:
    return "".join([one.choices[0].delta.content or "" for one in told])


def test_it_is_the_version_that_the_contract_names() -> None:
    assert version("meshapi") == "0.1.11"


def test_compare_is_read_whole(client: MeshAPI) -> None:
    found = client.compare.create(compare("a", "b", "bad", comparison_model="j", temperature=0.5, max_tokens=50))
    assert [row.content for row in found.results] == [TEXT, "Lyon", None]
    assert found.results[0].response_body["choices"][0]["message"]["content"] == TEXT
    assert found.results[0].usage.total_tokens == 15
    assert (found.results[2].error_code, found.partial) == ("invalid_request", True)
    assert "No such thing." in found.results[2].error
    assert (found.comparison_model, found.comparison_fallback_used) == ("j", False)
    assert "a" in found.comparison
    assert found.comparison_usage.total_tokens == 15


def test_compare_takes_overrides_and_skips(client: MeshAPI) -> None:
    override = types.ModelOverride(model="a", temperature=0, max_tokens=5, system_prompt="Be brief.")
    found = client.compare.create(compare("a", "b", model_overrides=[override], skip_comparison=True, cache=True))
    assert (found.skip_comparison, found.comparison, len(found.results)) == (True, None, 2)


def test_compare_stream_with_comparison_is_read(client: MeshAPI) -> None:
    told = list(client.compare.stream(compare("a", "bad", "b", comparison_model="j")))
    assert told[0].event == "comparison_start"
    assert told[0].models == ["a", "bad", "b"]
    results = {one.model: one for one in told if one.event == "model_result"}
    assert results["a"].content == TEXT  # type: ignore[attr-defined]  # an extra field
    assert results["bad"].error_code == "invalid_request"
    assert "No such thing." in results["bad"].error_message  # type: ignore[attr-defined]  # an extra field
    assert "".join([one.delta for one in told if one.event == "comparison_chunk"]).endswith("☂")
    assert (told[-1].event, told[-1].comparison_model, told[-1].partial) == ("done", "j", True)
    assert told[-1].usage["total_tokens"] == 15


def test_failing_model_inside_a_compare_stream_does_not_raise(client: MeshAPI) -> None:
    told = list(client.compare.stream(compare("bad", "a", "b", skip_comparison=True)))
    assert (text_of(told, "a"), text_of(told, "b")) == (TEXT, "Lyon")
    ends = {one.model: one for one in told if one.event == "model_stream_done"}
    assert (ends["a"].finish_reason, ends["bad"].error_code) == ("stop", "invalid_request")
    assert told[-1].event == "done"


def test_compare_stream_of_failures_raises(client: MeshAPI) -> None:
    with pytest.raises(MeshAPIError) as caught:
        list(client.compare.stream(compare("bad")))
    assert caught.value.error_code == "all_models_failed"


def test_compare_runs_async(url: str) -> None:
    async def run() -> tuple[Any, list[CompareStreamEvent]]:
        async with connected(url) as client:
            whole = await client.compare.create(compare("a", "b"))
            return whole, await collected(client.compare.stream(compare("a", "bad", skip_comparison=True)))

    whole, told = asyncio.run(run())
    assert whole.results[0].content == TEXT
    assert whole.comparison_model == "a"
    assert text_of(told, "a") == TEXT


def test_chat_is_read_whole_and_streamed(client: MeshAPI) -> None:
    found = client.chat.completions.create(chat(temperature=0.5, seed=1, stop=["x"], reasoning_effort="low", timeout=9))
    assert (found.choices[0].message.content, found.model) == (TEXT, "a")
    assert found.usage.total_tokens == 15
    told = list(client.chat.completions.stream(chat()))
    assert said(told) == TEXT
    assert told[-1].choices[0].finish_reason == "stop"
    assert (told[-1].usage.total_tokens, told[-1].cost) == (15, "0.00002")


def test_chat_calls_tools(client: MeshAPI) -> None:
    tool = types.Tool(type="function", function=types.ToolFunction(name="look", parameters={"type": "object"}))
    call = (
        client.chat.completions.create(chat("calls", tools=[tool], tool_choice="auto")).choices[0].message.tool_calls[0]
    )
    assert (call.id, call.function.name, call.function.arguments) == ("c1", "look", '{"at": 1}')
    told = list(client.chat.completions.stream(chat("calls", tools=[tool])))
    pieces = [piece for one in told for piece in one.choices[0].delta.tool_calls or ()]
    assert (pieces[0].id, "".join([piece.function.arguments for piece in pieces])) == ("c1", '{"at": 1}')
    history = [
        *ASK,
        ChatMessage(role="assistant", tool_calls=[call], reasoning_details=[{"x": 1}]),
        ChatMessage(role="tool", tool_call_id="c1", content="42"),
    ]
    assert client.chat.completions.create(ChatCompletionParams(model="a", messages=history)).choices[0].message.content


def test_chat_falls_back_and_asks_panels(client: MeshAPI) -> None:
    assert client.chat.completions.create(chat(None, models=["bad", "b"])).model == "b"
    assert "Accuracy" in client.chat.completions.create(chat("panel/both")).choices[0].message.content


def test_chat_runs_async(url: str) -> None:
    async def run() -> tuple[Any, list[ChatCompletionChunk]]:
        async with connected(url) as client:
            whole = await client.chat.completions.create(chat())
            return whole, await collected(client.chat.completions.stream(chat()))

    whole, told = asyncio.run(run())
    assert (whole.choices[0].message.content, said(told)) == (TEXT, TEXT)


def failed(status: int, code: str, call: Any) -> MeshAPIError:
    with pytest.raises(MeshAPIError) as caught:
        call()
    assert (caught.value.status, caught.value.error_code) == (status, code)
    assert caught.value.request_id.startswith("req_")
    return caught.value


def test_errors_are_read(client: MeshAPI, url: str) -> None:
    with MeshAPI(base_url=url, token="wrong", max_retries=0) as stranger:
        failed(401, "unauthorized", lambda: stranger.compare.create(compare("a")))
        failed(401, "unauthorized", lambda: list(stranger.compare.stream(compare("a"))))
        failed(401, "unauthorized", stranger.models.list)
    nobody = failed(404, "model_not_found", lambda: client.compare.create(compare("nobody")))
    assert "nobody" in str(nobody)
    failed(404, "model_not_found", lambda: client.models.get("nobody/at-all"))
    failed(404, "not_found", lambda: client.compare.create(compare("a", template="greeting", variables={"a": "b"})))
    unfit = failed(422, "validation_error", lambda: client.compare.create(compare()))
    assert unfit.details[0]["loc"] == ["body", "models"]
    failed(422, "validation_error", lambda: list(client.compare.stream(compare())))
    none = failed(502, "all_models_failed", lambda: client.compare.create(compare("bad", "down")))
    assert [row["error_code"] for row in none.details] == ["invalid_request", "upstream_error"]
    said_no = failed(422, "invalid_request", lambda: client.chat.completions.create(chat("bad")))
    assert "No such thing." in str(said_no.provider_error)
    failed(422, "invalid_request", lambda: list(client.chat.completions.stream(chat("bad"))))


def test_errors_are_read_async(url: str) -> None:
    async def run() -> list[MeshAPIError]:
        async with connected(url) as client, connected(url, "wrong") as stranger:
            found = []
            calls = (stranger.models.list(), client.compare.create(compare("nobody")), client.compare.create(compare()))
            for call in (*calls, client.compare.create(compare("bad"))):
                with pytest.raises(MeshAPIError) as caught:
                    await call
                found.append(caught.value)
            return found

    assert [error.status for error in asyncio.run(run())] == [401, 404, 422, 502]


def test_client_retries_what_may_pass() -> None:
    scripts = {"a": [Fails(503), Fails(503), says("At last")]}
    with Upstream(scripts) as upstream, serving(upstream.toml) as url:
        with MeshAPI(base_url=url, token="none", max_retries=1) as client:
            assert client.compare.create(compare("a")).results[0].content == "At last"
        assert len(upstream.calls) == 3


def test_models_are_listed_found_and_described(client: MeshAPI) -> None:
    listed = {model.id: model for model in client.models.list()}
    assert {"a", "b", "sandbox/terse", "panel/both"} <= set(listed)
    assert listed["panel/both"].composite_models == ["a", "b"]
    assert (listed["a"].is_free, listed["a"].pricing.prompt_usd_per_1k) == (False, "0.001")
    free, paid = client.models.free(), client.models.paid()
    assert "a" in {model.id for model in paid}
    assert "a" not in {model.id for model in free}
    assert {model.id for model in client.models.list(free=False)} == {model.id for model in paid}
    assert {model.provider for model in client.models.list(provider="sandbox")} == {"sandbox"}
    page = client.models.search(ModelSearchParams(q="sandbox", limit=2, offset=1))
    assert (len(page.items), page.limit, page.offset) == (2, 2, 1)
    assert page.total > 2
    assert client.models.get("sandbox/terse").name == "Sandbox Terse"
    assert client.models.get("panel/both").is_composite is True


def test_models_are_listed_async(url: str) -> None:
    async def run() -> tuple[int, str, int]:
        async with connected(url) as client:
            listed, page = await client.models.list(), await client.models.search()
            return len(listed), (await client.models.get("a")).id, page.total

    count, name, total = asyncio.run(run())
    assert (name, total) == ("a", count)


def test_templates_are_made_changed_listed_used_and_deleted(client: MeshAPI) -> None:
    turns = [{"role": "user", "content": "Say {{ what }}."}]
    params = CreateTemplateParams(
        name="sayer", messages=turns, system="Be brief.", params={"temperature": 0.5}, model="a"
    )
    made = client.templates.create(params)
    assert (made.owner, made.is_global, made.variables, made.messages) == ("admin", False, ["what"], turns)
    try:
        changed = client.templates.update(made.id, UpdateTemplateParams(description="says things"))
        assert (changed.description, changed.system, changed.created_at) == (
            "says things",
            "Be brief.",
            made.created_at,
        )
        assert client.templates.get(made.id) == changed
        assert changed in client.templates.list()
        said = client.chat.completions.create(
            ChatCompletionParams(messages=[], template="sayer", variables={"what": "Paris"})
        )
        assert said.model == "a"
        compared = client.compare.create(compare("a", "b", template=made.id, variables={"what": "Paris"}))
        assert [row.error for row in compared.results] == [None, None]
        missing = failed(422, "validation_error", lambda: client.compare.create(compare("a", template="sayer")))
        assert "what" in str(missing)
        failed(422, "validation_error", lambda: client.templates.create(CreateTemplateParams(name="sayer")))
    finally:
        client.templates.delete(made.id)
    failed(404, "not_found", lambda: client.templates.get(made.id))


def test_templates_of_the_asynchronous_client(url: str) -> None:
    async def use() -> None:
        async with connected(url) as client:
            made = await client.templates.create(CreateTemplateParams(name="async", variables=["x"]))
            assert (await client.templates.update(made.id, UpdateTemplateParams(name="renamed"))).name == "renamed"
            assert [one.id for one in await client.templates.list()] == [made.id]
            await client.templates.delete(made.id)
            assert await client.templates.list() == []

    asyncio.run(use())
