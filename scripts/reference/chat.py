"""POST /v1/chat/completions described: the meaning of each request field, the completion, the stream's chunks."""

from collections.abc import Mapping

from parley.catalog.catalog import MAX_NAME_LENGTH
from parley.domain.json import JsonObject
from reference.keys import money
from reference.requests import TEMPLATE_FIELDS, Notes
from reference.shapes import anything, array, constant, count, flag, nullable, record, ref, text, words
from reference.streams import StreamEvent

_MODEL: JsonObject = {"minLength": 1, "maxLength": MAX_NAME_LENGTH, "pattern": r"\S", "examples": ["sandbox/terse"]}

_PARAMS: Notes = {
    "temperature": {"description": "Sampling temperature; left to the provider where absent."},
    "top_p": {"description": "Nucleus sampling; left to the provider where absent."},
    "max_tokens": {"description": "Most tokens of the answer."},
    "max_completion_tokens": {"description": "The newer name of `max_tokens`; it wins where both are given."},
    "seed": {"description": "For answers that can be repeated, where the provider can."},
    "stop": {"description": "Texts at which the answer ends."},
    "reasoning_effort": {
        "description": "How hard the model is to think, mapped onto each provider's own scale; what a model lacks is "
        "dropped and said in `warnings`.",
        "type": "string",
    },
    "tools": {"description": "What the model may call."},
    "tool_choice": {
        "description": '`none`, `auto`, `required`, or `{"type": "function", "function": {"name": …}}` for one of '
        "`tools`.",
    },
    "parallel_tool_calls": {"description": "Whether the model may call several tools at once."},
    "response_format": {"description": "The form of the answer: text, any JSON, or JSON by a schema."},
}

BODIES: Mapping[str, Notes] = {
    "ChatBody": {
        "messages": {
            "description": "The conversation, as OpenAI has it: text, image and audio parts, tool calls and their "
            "results. Required unless `template` begins the conversation.",
        },
        "model": {**_MODEL, "description": "The model's name, or `panel/NAME` for a configured panel."},
        "models": {
            "description": "Fallbacks, tried in order after `model`; `model` may be absent then.",
            "items": _MODEL,
        },
        "stream": {"description": "Answer as an event stream.", "default": False},
        "stream_options": {"description": "For streams alone."},
        "n": {"description": "How many answers: 1. For several, ask several models.", "minimum": 1, "maximum": 1},
        "timeout": {"description": "Seconds for the call, retries and fallbacks included.", "default": 120},
        **TEMPLATE_FIELDS,
        **_PARAMS,
    },
    "ParamsBody": _PARAMS,
    "ToolBody": {
        "type": {"description": "Always `function`."},
        "function": {"description": "The function."},
    },
    "FunctionBody": {
        "name": {"description": "Its name.", "minLength": 1},
        "description": {"description": "What it does, for the model."},
        "parameters": {"description": "JSON Schema of its arguments."},
        "strict": {"description": "Whether the provider must hold the model to the schema."},
    },
    "FormatBody": {
        "type": {"description": "`text`, `json_object` or `json_schema`."},
        "json_schema": {"description": "Required with the type `json_schema`."},
    },
    "SchemaBody": {
        "name": {"description": "A name, which some providers show to the model."},
        "schema": {"description": "The JSON Schema; required."},
        "strict": {"description": "Whether the provider must hold the model to the schema.", "default": False},
    },
    "StreamOptionsBody": {
        "include_usage": {"description": "Send a last chunk that carries `usage`.", "default": False},
    },
}

FRAMES = (
    "Each event is one line `data: {json}` and a blank line, every one a `chat.completion.chunk`; a failure is an "
    "event with `error`. The last is `data: [DONE]`. Comment lines (`: keep-alive`) come after every 15 s of silence."
)

EVENTS = (
    StreamEvent("chunk", "ChatCompletionChunk", "A piece of the answer."),
    StreamEvent("error", "ChatCompletionError", "The answer breaks off; then `[DONE]`."),
)


def schemas() -> JsonObject:
    """Return the components of answers and chunks."""
    return {
        "ChatCompletion": _completion(),
        "ChatMessage": _message(),
        "ToolCall": _tool_call(),
        "ChatUsage": _usage(),
        "ChatCompletionChunk": _chunk(),
        "ChatCompletionError": record(
            "The event that ends a broken stream.", {"error": anything("As in the envelope.")}
        ),
    }


def _completion() -> JsonObject:
    choice = record(
        "The answer.",
        {
            "index": count("Always 0."),
            "message": ref("ChatMessage"),
            "finish_reason": _finish_reason(),
            "logprobs": anything("As the provider gave them; null without."),
        },
        ["logprobs"],
    )
    fields: JsonObject = {
        "id": text("The completion's id."),
        "object": constant("chat.completion", "Always `chat.completion`."),
        "created": count("When, in seconds since 1970."),
        "model": text("The model that answered."),
        "choices": array(choice, "One choice."),
        "usage": nullable(ref("ChatUsage", "Tokens of all calls behind the answer.")),
        **_own(),
    }
    return record("A chat completion, as OpenAI defines it.", fields, ["usage", *_own()])


def _own() -> JsonObject:
    """What Parley adds; in a stream on the last chunk of the choice."""
    return {
        "warnings": array({"type": "string"}, "What the model could not be given and what was done instead."),
        "cost": money("US dollars for all calls behind the answer; absent where a price is not known."),
    }


def _message() -> JsonObject:
    fields: JsonObject = {
        "role": constant("assistant", "Always `assistant`."),
        "content": nullable(text("The answer's text; null beside tool calls or a refusal.")),
        "refusal": nullable(text("Why the model refuses, in its own words.")),
        "reasoning_content": text("The model's reasoning, where the provider shows it."),
        "tool_calls": array(ref("ToolCall"), "Tools that the model calls."),
    }
    return record("What the model said.", fields, ["refusal", "reasoning_content", "tool_calls"])


def _tool_call() -> JsonObject:
    function: JsonObject = {
        "name": text("The tool's name."),
        "arguments": text("Its arguments as JSON text; in chunks a piece of it."),
    }
    fields: JsonObject = {
        "index": count("Which call a piece belongs to (chunks only)."),
        "id": text("The call's id; on its first piece."),
        "type": constant("function", "Always `function`."),
        "function": record("What is called.", function, ["name", "arguments"]),
    }
    return record("A call of a tool.", fields, ["index", "id", "type"])


def _usage() -> JsonObject:
    prompt: JsonObject = {
        "cached_tokens": count("Input read from the provider's cache."),
        "cache_write_tokens": count("Input written to the provider's cache."),
    }
    fields: JsonObject = {
        "prompt_tokens": count("All input."),
        "completion_tokens": count("All billable output, reasoning included."),
        "total_tokens": count("Both together."),
        "prompt_tokens_details": record("Parts of the input.", prompt),
        "completion_tokens_details": record(
            "Parts of the output.", {"reasoning_tokens": count("Output spent on reasoning.")}
        ),
        "estimated": flag("True where the provider gave no count and Parley counted from the text."),
    }
    return record("Tokens used, in OpenAI's words.", fields, [name for name in fields if not name.endswith("_tokens")])


def _chunk() -> JsonObject:
    delta: JsonObject = {
        "role": constant("assistant", "On the first chunk."),
        "content": nullable(text("The next piece of text.")),
        "refusal": text("The next piece of a refusal."),
        "reasoning_content": text("The next piece of reasoning."),
        "tool_calls": array(ref("ToolCall"), "Pieces of tool calls."),
    }
    choice = record(
        "A piece of the answer.",
        {
            "index": count("Always 0."),
            "delta": record("What is new.", delta, list(delta)),
            "finish_reason": nullable(_finish_reason()),
            "logprobs": anything("As the provider gave them."),
        },
        ["logprobs"],
    )
    fields: JsonObject = {
        "id": text("The completion's id, the same on every chunk."),
        "object": constant("chat.completion.chunk", "Always `chat.completion.chunk`."),
        "created": count("When, in seconds since 1970."),
        "model": text("The model that answers."),
        "choices": array(choice, "One choice; none on the chunk that carries `usage`."),
        "usage": nullable(ref("ChatUsage", "On the last chunk, where `stream_options.include_usage` asks for it.")),
        **_own(),
    }
    return record("One chunk of a streamed completion.", fields, ["usage", *_own()])


def _finish_reason() -> JsonObject:
    return words(["stop", "length", "tool_calls", "content_filter"], "Why the model stopped.")
