"""The readable reference as one HTML page, rendered from the document: no framework, no foreign origin."""

import re
import shlex
from html import escape

import msgspec

from parley.domain.json import JsonObject, JsonValue
from reference.errors import REFUSALS, Refusal, refusals_of
from reference.examples import SAMPLES, Example
from reference.fields import field_list, prose, type_of
from reference.operations import Operation
from reference.streams import EVENT_STREAM

_ORIGIN = "http://127.0.0.1:8080"
_SHOWN_RESPONSE = 6_000
_PLACEHOLDER = re.compile(r"\{([a-z_]+)\}")
_PLACES = {"name": "sandbox/terse", "asset": "docs.css"}
"""What stands in a path in examples; of anything else its name in capitals."""


def render_page(document: JsonObject, operations: tuple[Operation, ...], examples: tuple[Example, ...]) -> str:
    """Return the page; it links to `docs/docs.css` and `docs/docs.js` beside it."""
    info = _at(document, "info")
    tags = [str(_object(tag)["name"]) for tag in _array(document["tags"])]
    schemas = _at(document, "components", "schemas")
    sections = "".join(_tag_section(tag, operations, document, examples) for tag in tags)
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Parley API {escape(str(info["version"]))}</title>
<link rel="stylesheet" href="docs/docs.css">
<script src="docs/docs.js" defer></script>
</head>
<body>
<a class="skip" href="#main">Skip to the reference</a>
<header><a class="brand" href="#main">Parley</a><span>API reference {escape(str(info["version"]))}</span>
<a href="openapi.json">openapi.json</a></header>
<div class="frame">
<nav aria-label="Reference"><details open><summary>Contents</summary>{_contents(tags, operations)}</details></nav>
<main id="main" tabindex="-1">
<section><h1>Parley API</h1>{_paragraphs(str(info["description"]))}{_authentication()}</section>
{sections}
{_errors(schemas)}
{_shapes(schemas)}
</main>
</div>
</body>
</html>
"""


def _contents(tags: list[str], operations: tuple[Operation, ...]) -> str:
    parts = []
    for tag in tags:
        links = [
            f'<li><a href="#{one.name}"><span class="method">{one.method.upper()}</span> {_path(one.path)}</a></li>'
            for one in operations
            if one.tag == tag
        ]
        parts.append(f"<h2>{escape(tag)}</h2><ul>{''.join(links)}</ul>")
    more = '<li><a href="#errors">Errors</a></li><li><a href="#shapes">Shapes</a></li>'
    return f"{''.join(parts)}<h2>For all</h2><ul>{more}</ul>"


def _path(path: str) -> str:
    """Return `path` with places where a narrow column may break it."""
    return escape(path).replace("/", "<wbr>/")


def _authentication() -> str:
    return (
        '<h2 id="authentication">Authentication</h2><p>Send <code>Authorization: Bearer &lt;key&gt;</code> with every '
        'request but those whose example has none. A server that runs with <code>auth = "open"</code> needs no key '
        "and answers to this machine alone.</p>"
    )


def _tag_section(
    tag: str, operations: tuple[Operation, ...], document: JsonObject, examples: tuple[Example, ...]
) -> str:
    described = next(_object(one) for one in _array(document["tags"]) if _object(one)["name"] == tag)
    articles = "".join(_operation(one, document, examples) for one in operations if one.tag == tag)
    return f"<section><h2>{escape(tag)}</h2><p>{prose(str(described['description']))}</p>{articles}</section>"


def _operation(operation: Operation, document: JsonObject, examples: tuple[Example, ...]) -> str:
    schemas = _at(document, "components", "schemas")
    parts = [
        f'<h3><a class="anchor" href="#{operation.name}"><span class="method {operation.method}">'
        f"{operation.method.upper()}</span> <code>{_path(operation.path)}</code></a></h3>",
        f'<p class="lead">{escape(operation.summary)}</p><p>{prose(operation.description)}</p>',
        _parameters(operation),
    ]
    if operation.body is not None:
        parts.append(f"<h4>Request</h4>{field_list(_at(schemas, operation.body))}")
    parts += [_answer(operation, schemas), _stream(operation), _statuses(operation)]
    recorded = [_example(operation, one) for one in examples if one.path == operation.path]
    parts += recorded or [f"<h4>Example</h4>{_curl(operation, SAMPLES.get(operation.body or ''))}"]
    return f'<article id="{operation.name}">{"".join(parts)}</article>'


def _parameters(operation: Operation) -> str:
    if not operation.parameters:
        return ""
    fields: JsonObject = {}
    for parameter in operation.parameters:
        row = _object(parameter)
        fields[str(row["name"])] = {
            **_object(row["schema"]),
            "description": f"In the {row['in']}. {row['description']}",
        }
    required: list[JsonValue] = [name for name in fields if f"{{{name}}}" in operation.path]
    return f"<h4>Parameters</h4>{field_list({'properties': fields, 'required': required})}"


def _answer(operation: Operation, schemas: JsonObject) -> str:
    status, content = _content(operation)
    schema = _object(_object(content.get("application/json")).get("schema"))
    if not schema:
        return ""
    title = "Answer" if status == "200" else f"Answer ({status})"
    pointer = schema.get("$ref")
    if isinstance(pointer, str):
        name = pointer.rpartition("/")[2]
        return f"<h4>{title}</h4>{field_list(_at(schemas, name))}"
    fields = field_list(schema) if "properties" in schema else ""
    return f"<h4>{title}</h4><p>{type_of(schema)}</p>{fields}"


def _stream(operation: Operation) -> str:
    stream = _object(_content(operation)[1].get(EVENT_STREAM))
    if not stream:
        return ""
    rows = []
    for each in _array(stream["x-events"]):
        event = _object(each)
        rows.append(
            f'<div><dt><code class="name">{escape(str(event["event"]))}</code>'
            f'<span class="type">{type_of(_object(event["schema"]))}</span></dt>'
            f"<dd>{prose(str(event['description']))}</dd></div>"
        )
    frames = prose(str(_object(stream["schema"])["description"]))
    return f'<h4>Stream</h4><p>{frames}</p><dl class="fields">{"".join(rows)}</dl>'


def _content(operation: Operation) -> tuple[str, JsonObject]:
    """Return the status of success and the media types of its answer."""
    status = next(status for status in operation.answers if status.startswith("2"))
    return status, _object(_object(operation.answers[status]).get("content", {}))


def _statuses(operation: Operation) -> str:
    rows = [_refusal(refusal) for answer in operation.answers.values() for refusal in refusals_of(answer)]
    return f'<details class="errors"><summary>Errors</summary><dl class="fields">{"".join(rows)}</dl></details>'


def _refusal(refusal: Refusal) -> str:
    codes = " ".join(f"<code>{code}</code>" for code in refusal.codes)
    return (
        f'<div><dt><span class="status">{refusal.status}</span> {codes}</dt>'
        f"<dd>{prose(refusal.description)} {prose(refusal.advice)}</dd></div>"
    )


def _example(operation: Operation, example: Example) -> str:
    answer = example.response if isinstance(example.response, str) else _pretty(example.response)
    if len(answer) > _SHOWN_RESPONSE:
        answer = answer[:_SHOWN_RESPONSE].rpartition("\n")[0] + "\n…"
    return (
        f"<h4>Example: {prose(example.summary)}</h4>{_curl(operation, example.request)}"
        f"<details><summary>The embedded models’ answer</summary><pre><code>{escape(answer, quote=False)}</code></pre>"
        "</details>"
    )


def _curl(operation: Operation, body: JsonObject | None) -> str:
    path = _PLACEHOLDER.sub(lambda found: _PLACES.get(found[1], found[1].upper()), operation.path)
    options = "-N " if body and body.get("stream") else ""
    if operation.method not in {"get", "post"}:
        options = f"-X {operation.method.upper()} "
    lines = [f"curl {options}{_ORIGIN}{path}"]
    if not operation.is_open:
        lines.append('-H "Authorization: Bearer $PARLEY_API_KEY"')
    if body is not None:
        lines += ["-H 'Content-Type: application/json'", f"-d {shlex.quote(_pretty(body))}"]
    text = escape(" \\\n  ".join(lines), quote=False).replace(_ORIGIN, f"<span data-origin>{_ORIGIN}</span>")
    return f'<pre class="copy"><code>{text}</code></pre>'


def _errors(schemas: JsonObject) -> str:
    rows = "".join(_refusal(one) for one in sorted(REFUSALS, key=lambda one: one.status))
    codes = "".join(f"<li><code>{escape(str(code))}</code></li>" for code in _array(_at(schemas, "ErrorCode")["enum"]))
    return (
        '<section id="errors"><h2>Errors</h2><p>Every error has this envelope, on every path:</p>'
        f'{field_list(_at(schemas, "Error"))}<h3>By status</h3><dl class="fields">{rows}</dl>'
        f'<h3>Failures of one model</h3><p>In answers and streams as <code>error_code</code>:</p><ul class="codes">'
        f"{codes}</ul></section>"
    )


def _shapes(schemas: JsonObject) -> str:
    parts = [
        f'<article id="{escape(name)}"><h3><a class="anchor" href="#{escape(name)}">{escape(name)}</a></h3>'
        f"<p>{prose(str(_object(schema).get('description', '')))}</p>{_inside(_object(schema))}</article>"
        for name, schema in schemas.items()
    ]
    return f'<section id="shapes"><h2>Shapes</h2>{"".join(parts)}</section>'


def _inside(schema: JsonObject) -> str:
    return field_list(schema) if schema.get("properties") else f"<p>{type_of(schema)}</p>"


def _paragraphs(text: str) -> str:
    return "".join(f"<p>{prose(part)}</p>" for part in text.split("\n\n"))


def _pretty(value: JsonValue) -> str:
    return msgspec.json.format(msgspec.json.encode(value)).decode()


def _at(value: JsonObject, *names: str) -> JsonObject:
    for name in names:
        value = _object(value[name])
    return value


def _object(value: JsonValue) -> JsonObject:
    return value if isinstance(value, dict) else {}


def _array(value: JsonValue) -> list[JsonValue]:
    return value if isinstance(value, list) else []
