"""The official MCP client, unchanged, against /mcp: both eras of the protocol, every tool, progress, cancellation."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx2
import pytest
from mcp import Client, MCPError
from mcp.client.streamable_http import streamable_http_client

from serving import ADMIN_KEY, outcomes, serving
from silent import MODEL, silent_provider
from waiting import until

MODES = ["auto", "legacy"]
THREE = ["sandbox/terse", "sandbox/thorough", "sandbox/contrarian"]
QUESTION = "Is this review positive? It was not good at all."
WAIT_S = 20


@dataclass
class Told:
    """What a client was told of a call's progress."""

    rows: list[tuple[float, float | None, str | None]] = field(default_factory=list)

    async def __call__(self, progress: float, total: float | None, message: str | None) -> None:
        self.rows.append((progress, total, message))


@asynccontextmanager
async def client(url: str, mode: str, key: str = ADMIN_KEY) -> AsyncIterator[Client]:
    headers = {"Authorization": f"Bearer {key}"}
    async with (
        httpx2.AsyncClient(headers=headers, timeout=WAIT_S) as http,
        Client(streamable_http_client(f"{url}/mcp", http_client=http), mode=mode) as connected,
    ):
        yield connected


def call(url: str, mode: str, tool: str, arguments: dict[str, Any], told: Told | None = None) -> Any:
    async def go() -> Any:
        async with client(url, mode) as connected:
            return await connected.call_tool(tool, arguments, progress_callback=told)

    return asyncio.run(go())


def texts(result: Any) -> list[str]:
    return [block.text for block in result.content]


@pytest.mark.parametrize("mode", MODES)
def test_client_connects_and_sees_four_tools_that_describe_themselves(mode: str) -> None:
    async def go(url: str) -> None:
        async with client(url, mode) as connected:
            assert connected.protocol_version == {"auto": "2026-07-28", "legacy": "2025-11-25"}[mode]
            assert connected.server_info is not None
            assert connected.server_info.name == "parley"
            tools = {tool.name: tool for tool in (await connected.list_tools()).tools}
            assert list(tools) == ["roundtable", "vote", "compare", "list_models"]
            for tool in tools.values():
                assert tool.title
                assert tool.description
                assert tool.output_schema is not None
                assert tool.input_schema["additionalProperties"] is False
            assert tools["list_models"].annotations.read_only_hint is True
            assert tools["vote"].annotations.read_only_hint is False, "it costs money"
            assert tools["vote"].annotations.destructive_hint is False

    with serving("") as url:
        asyncio.run(go(url))


@pytest.mark.parametrize("mode", MODES)
def test_roundtable_merges_and_tells_of_each_seat_as_it_finishes(mode: str) -> None:
    told = Told()
    with serving("") as url:
        arguments = {"input": QUESTION, "models": [*THREE[:2], "sandbox/down"], "summary_model": "sandbox/judge"}
        result = call(url, mode, "roundtable", arguments, told)
    assert not result.is_error
    merged, *seats, footer = texts(result)
    whole = result.structured_content
    assert merged == f"sandbox/judge merged 2 of 3 answers.\n\n{whole['data']}"
    assert [row["model"] for row in whole["model_results"]] == [*THREE[:2], "sandbox/down"]
    assert seats[0].endswith(f":\n\n{whole['model_results'][0]['data']}")
    assert seats[2].startswith("sandbox/down failed (upstream_error): ")
    assert whole["meta"]["partial"] is True
    assert whole["meta"]["trace_uuid"] in footer
    assert [progress for progress, _, _ in told.rows] == [1, 2, 3, 3.5]
    assert {total for _, total, _ in told.rows} == {4}
    messages = [message or "" for _, _, message in told.rows]
    assert [message[:12] for message in messages[:3]] == ["1 of 3 done:", "2 of 3 done:", "3 of 3 done:"]
    assert sorted(message.split()[4] for message in messages[:3]) == sorted([*THREE[:2], "sandbox/down"])
    assert "sandbox/down failed (upstream_error)" in " ".join(messages)
    assert messages[3] == "sandbox/judge merges the answers"


def test_answers_that_fit_a_schema_are_values_and_where_they_differ_is_told() -> None:
    schema = {"type": "object", "properties": {"positive": {"type": "boolean"}}, "required": ["positive"]}
    with serving("") as url:
        arguments = {"input": QUESTION, "models": THREE[:2], "output_schema": schema}
        result = call(url, "auto", "roundtable", arguments)
    assert not result.is_error
    values = [row["data"] for row in result.structured_content["model_results"]]
    assert [list(value) for value in values] == [["positive"], ["positive"]]
    assert isinstance(result.structured_content["data"]["positive"], bool)
    agree = values[0] == values[1]
    assert texts(result)[-1].endswith("All valid answers agree." if agree else "The answers differ in: positive.")
    assert json.loads(texts(result)[0].partition("\n\n")[2]) == result.structured_content["data"]


@pytest.mark.parametrize("mode", MODES)
def test_vote_is_counted_and_says_who_chose_what(mode: str) -> None:
    told = Told()
    with serving("") as url:
        result = call(url, mode, "vote", {"input": QUESTION, "choices": ["yes", "no"], "models": THREE}, told)
    assert not result.is_error
    winner, ballots, _ = texts(result)
    assert winner.startswith(f"Winner: {result.structured_content['data']}\n")
    vote = result.structured_content["meta"]["vote"]
    assert sum(row["votes"] for row in vote["tally"]) == 3
    for row in vote["tally"]:
        voters = ", ".join(THREE[seat] for seat in row["seats"])
        assert f"{row['votes']} for {row['choice']}{': ' + voters if voters else ''}" in winner.split("\n")
    assert [line.split()[0] for line in ballots.split("\n")] == THREE
    assert [(progress, total) for progress, total, _ in told.rows] == [(1, 3), (2, 3), (3, 3)]


@pytest.mark.parametrize("mode", MODES)
def test_comparison_has_its_evaluation_and_no_answer_twice(mode: str) -> None:
    with serving("") as url:
        arguments = {"input": QUESTION, "instructions": "Be brief.", "models": THREE[:2]}
        result = call(url, mode, "compare", {**arguments, "comparison_model": "sandbox/judge"})
    assert not result.is_error
    evaluation, *seats, _ = texts(result)
    whole = result.structured_content
    assert evaluation == f"sandbox/judge compared 2 of 2 answers.\n\n{whole['comparison']}"
    assert len(seats) == len(whole["results"]) == 2
    assert all("response_body" not in row for row in whole["results"])
    assert all(seat.endswith(row["content"]) for seat, row in zip(seats, whole["results"], strict=True))


def test_conversation_can_be_compared_instead_of_one_question() -> None:
    messages = [{"role": "user", "content": "Hello"}, {"role": "assistant", "content": "Yes?"}]
    messages.append({"role": "user", "content": QUESTION})
    with serving("") as url:
        result = call(url, "auto", "compare", {"messages": messages, "models": THREE[:2], "skip_comparison": True})
    assert not result.is_error
    assert texts(result)[0] == "2 of 2 answers; there is no evaluation."
    assert result.structured_content["comparison"] is None


@pytest.mark.parametrize("mode", MODES)
def test_models_are_listed_by_words_provider_and_page(mode: str) -> None:
    with serving("") as url:
        result = call(url, mode, "list_models", {"q": "sandbox", "provider": "sandbox", "limit": 2, "free": False})
        none = call(url, mode, "list_models", {"provider": "nobody"})
    assert [item["id"] for item in result.structured_content["items"]] == THREE[:2]
    assert result.structured_content["total"] > 2
    assert [line.partition(":")[0] for line in texts(result)[0].split("\n")[1:]] == THREE[:2]
    assert none.structured_content["items"] == []


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    ("tool", "arguments", "told"),
    [
        ("vote", {"input": "?", "choice": ["a", "b"], "models": THREE}, "vote has no argument `choice`. Did you mean"),
        ("roundtable", {"input": "?"}, "models is missing; it is required."),
        ("roundtable", {"input": " ", "models": THREE}, "input is"),
        ("roundtable", {"input": "?", "models": ["nobody/nothing"]}, "list_models"),
        ("roundtable", {"input": "?", "models": THREE, "timeout_ms": 0}, "timeout_ms is 0; it must be"),
        ("roundtable", {"input": "?", "models": THREE, "resolution": "multiple_choice"}, "the tool vote counts votes"),
        ("roundtable", {"input": "?", "models": THREE, "stream": True}, "roundtable has no argument `stream`."),
        ("compare", {"models": THREE}, "Neither input nor messages is there"),
        ("compare", {"models": THREE, "input": "?", "messages": []}, "input and messages are both there"),
        ("compare", {"models": THREE, "input": 5}, "input is 5; it must be text that is not blank."),
        ("list_models", {"limit": 0}, "limit is '0'; it is a whole number from 1 to 500"),
        ("list_models", {"q": 5}, "q is 5; it must be text."),
        ("roundtable", {"input": "?", "models": ["sandbox/down"]}, "Ask other models"),
    ],
)
def test_call_that_comes_to_nothing_says_why_and_what_to_do(
    mode: str, tool: str, arguments: dict[str, Any], told: str
) -> None:
    with serving("") as url:
        result = call(url, mode, tool, arguments)
    assert result.is_error
    assert told in texts(result)[0]


@pytest.mark.parametrize("mode", MODES)
def test_unknown_tool_is_an_error_of_the_protocol(mode: str) -> None:
    async def go(url: str) -> MCPError:
        async with client(url, mode) as connected:
            with pytest.raises(MCPError) as told:
                await connected.call_tool("votes", {})
            return told.value

    with serving("") as url:
        error = asyncio.run(go(url))
    assert error.code == -32602
    assert error.message == "There is no tool 'votes'; these are: roundtable, vote, compare, list_models."


@pytest.mark.parametrize("mode", MODES)
def test_wrong_key_is_refused_in_words(mode: str) -> None:
    async def go(url: str) -> None:
        async with client(url, mode, key="not-this-one"):
            pass

    with serving("") as url, pytest.raises(BaseExceptionGroup) as told:
        asyncio.run(go(url))
    error = told.value
    while isinstance(error, BaseExceptionGroup):
        (error,) = error.exceptions
    assert isinstance(error, MCPError)
    assert error.code == 401
    assert error.message == "This API key is not known here."


@pytest.mark.parametrize("mode", MODES)
def test_call_that_is_given_up_is_cancelled_at_the_models(mode: str) -> None:
    async def go(url: str) -> None:
        told = Told()
        async with client(url, mode) as connected:
            arguments = {"input": QUESTION, "models": ["sandbox/terse", MODEL], "resolution": "fast"}
            task = asyncio.create_task(connected.call_tool("roundtable", arguments, progress_callback=told))
            await until(lambda: bool(told.rows))
            assert outcomes(url)[MODEL] == "running"
            task.cancel()
            await until(lambda: outcomes(url)[MODEL] == "cancelled")
            assert outcomes(url)["sandbox/terse"] == "ok"
            # The connection goes on being of use.
            assert not (await connected.call_tool("list_models", {})).is_error

    with silent_provider() as toml, serving(toml) as url:
        asyncio.run(go(url))


@pytest.mark.parametrize("mode", MODES)
def test_several_calls_run_side_by_side(mode: str) -> None:
    async def go(url: str) -> list[Any]:
        async with client(url, mode) as connected:
            asked = [connected.call_tool("vote", vote(question)) for question in ("Is 1 > 2?", "Is 3 > 2?", QUESTION)]
            return await asyncio.gather(*asked)

    def vote(question: str) -> dict[str, Any]:
        return {"input": question, "choices": ["yes", "no"], "models": THREE[:1]}

    with serving("") as url:
        found = asyncio.run(go(url))
    assert [result.is_error for result in found] == [False] * 3
    assert len({result.structured_content["id"] for result in found}) == 3
