"""The readable reference: complete, static, from this server alone, under a policy that lets nothing else in."""

import re
from html.parser import HTMLParser
from typing import Any

import pytest

from reference.document import all_operations, build_document
from reference.errors import REFUSALS
from reference.examples import SAMPLES, load_examples
from serving import get, serving
from write_openapi import STATIC

PAGE = (STATIC / "docs.html").read_text()
DOCUMENT: Any = build_document()


class Page(HTMLParser):
    """What stands in the page: every element with its attributes, and the text as it is read."""

    def __init__(self) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.pieces: list[str] = []
        self.feed(PAGE)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.pieces.append(data)

    @property
    def text(self) -> str:
        return "".join(self.pieces)

    def values(self, name: str) -> list[str]:
        return [value for _, attributes in self.elements if (value := attributes.get(name))]


page = Page()


def test_every_endpoint_is_on_the_page_and_in_the_contents() -> None:
    ids = set(page.values("id"))
    links = set(page.values("href"))
    for operation in all_operations():
        assert operation.name in ids
        assert f"#{operation.name}" in links
        assert f"{operation.method.upper()} {operation.path}" in page.text


def test_every_field_event_and_error_code_is_on_the_page() -> None:
    for name, schema in DOCUMENT["components"]["schemas"].items():
        for field in schema.get("properties", {}):
            assert f'<code class="name">{field}</code>' in PAGE, f"{name}.{field}"
    for operation in all_operations():
        content: Any = operation.answers.get("200", {})
        for event in content.get("content", {}).get("text/event-stream", {}).get("x-events", []):
            assert event["event"] in page.text
    for refusal in REFUSALS:
        for code in refusal.codes:
            assert f"<code>{code}</code>" in PAGE


def test_every_link_within_the_page_leads_somewhere_and_ids_are_distinct() -> None:
    ids = page.values("id")
    assert len(set(ids)) == len(ids)
    assert {link[1:] for link in page.values("href") if link.startswith("#")} - set(ids) == set()


def test_every_endpoint_has_a_command_to_copy() -> None:
    for operation in all_operations():
        article = PAGE.partition(f'<article id="{operation.name}">')[2].partition("</article>")[0]
        assert '<pre class="copy"><code>curl ' in article, operation.name


def test_nothing_is_inline_and_nothing_is_foreign() -> None:
    for tag, attributes in page.elements:
        assert tag not in {"style", "iframe", "object", "embed", "form", "base", "img"}
        assert "style" not in attributes
        assert not [name for name in attributes if name.startswith("on")]
        for name in ("src", "href", "action"):
            place = attributes.get(name) or ""
            assert re.fullmatch(r"#.*|docs/[a-z.]+|openapi\.json|", place), f"{tag} {name}={place}"
    assert re.search(r"<script(?![^>]*\bsrc=)", PAGE) is None
    for asset in ("docs.css", "docs.js"):
        text = (STATIC / asset).read_text()
        assert "//" not in re.sub(r"^\s*// .*$", "", text, flags=re.MULTILINE), f"{asset} names an origin"
        assert "@import" not in text
        assert "innerHTML" not in text


def test_page_can_be_used_from_the_keyboard_and_read_aloud() -> None:
    tags = [tag for tag, _ in page.elements]
    assert ("html", {"lang": "en"}) in page.elements
    assert ("a", {"class": "skip", "href": "#main"}) in page.elements
    assert tags.count("main") == tags.count("h1") == 1
    assert ("nav", {"aria-label": "Reference"}) in page.elements
    assert ":focus-visible" in (STATIC / "docs.css").read_text()


def test_every_sample_is_a_request_as_described() -> None:
    shown = {example.body for example in load_examples()} | set(SAMPLES)
    assert {operation.body for operation in all_operations() if operation.body} - shown == set()


@pytest.mark.parametrize(
    ("path", "media_type"),
    [("/docs", "text/html"), ("/docs/docs.css", "text/css"), ("/docs/docs.js", "text/javascript")],
)
def test_page_and_assets_are_served_under_a_strict_policy(path: str, media_type: str) -> None:
    with serving("") as url:
        got = get(url, path)
        body = got.body
    assert got.status == 200
    assert got.headers["content-type"].startswith(media_type)
    assert body == (STATIC / (path.rpartition("/")[2] if path != "/docs" else "docs.html")).read_bytes()
    policy = got.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; style-src 'self'; script-src 'self'")
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert got.headers["x-content-type-options"] == "nosniff"


def test_unknown_asset_is_not_found_in_the_envelope() -> None:
    with serving("") as url:
        for path in ("/docs/other.css", "/docs/..%2fdocs.py", "/docs/docs.html"):
            got = get(url, path)
            assert (got.status, got.error["code"]) == (404, "not_found")
