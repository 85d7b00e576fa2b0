"""The page of templates: the list, the editor with its drafts, and a preview that keeps to the server's rules."""

import json
import re
import unicodedata
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from console.conftest import Keyed
from console.page_errors import PageErrors
from parley.books.templates import Template
from parley.domain.errors import InvalidRequest
from parley.wire.templated import opening_of, placeholders_of
from serving import get, post

SUMS = {
    "name": "sums",
    "system": "You compute for {{ who }}.",
    "messages": [{"role": "user", "content": "What is {{ first }} times {{ second }}?"}],
    "model": "sandbox/thorough",
    "params": {"temperature": 0, "seed": 7},
}
MOST_LETTERS = 0x20000  # the planes with scripts in use
TEXTS = [
    "plain, with { braces }, {{ }} and {{}}",
    "{{name}} {{ name }} {{\tname\n}} {{ name  }}",
    "{{{name}}} {{{{name}}}} \\{{name}} {{name}}}}",
    "{{ na-me }} {{ na me }} {{ name.first }} {{ name|upper }} {% name %} ${{name}}",
    "{{ größe }} {{ 名前 }} {{ _x1 }} {{ 1 }} {{ ٣ }} {{ x² }} {{ e\u0301 }} {{ 😀 }}",
    "{{\u00a0name\u3000}} {{\x1cname\x85}} {{\ufeffname}} {{\u200bname}} {{\u2028name}}",
    "{{ __proto__ }} {{ constructor }} {{ toString }}",
    "$& $1 $$ {{ name }} {{ other }}",
]
VALUES = {
    "name": "{{ other }} $& $1 <b>&amp;</b>",
    "other": "",
    "größe": "😀",
    "名前": "\\n",
    "_x1": "{{ name }}",
    "1": "one",
    "٣": "three",
    "x²": "square",
    "__proto__": "own",
    "constructor": "mine",
    "toString": "text",
}


def make(url: str, body: Mapping[str, Any], key: str | None = None) -> dict[str, Any]:
    made = post(url, "/v1/templates", body, {"Authorization": f"Bearer {key}"} if key else {})
    assert made.status == 201, made.body
    return dict(made.json)


def stored(url: str) -> dict[str, Any]:
    return {each["name"]: each for each in get(url, "/v1/templates").json}


def preview(page: Page) -> Locator:
    return page.get_by_role("group", name="The texts as models get them")


def test_placeholders_are_found_and_filled_as_by_the_server(page: Page, console_url: str) -> None:
    page.goto(console_url)
    script = """async ([texts, given]) => {
        const values = JSON.parse(given);
        const { placeholdersOf, filled } = await import("/console/template_text.js");
        return texts.map((text) => [placeholdersOf([text]), filled(text, values)]);
    }"""
    for text, (names, filled) in zip(TEXTS, page.evaluate(script, [TEXTS, json.dumps(VALUES)]), strict=True):
        template = Template("t", messages=({"role": "user", "content": text},))
        assert tuple(names) == placeholders_of(None, template.messages), text
        if all(name in VALUES for name in names):
            assert filled == opening_of(template, VALUES)[0].text, text
        else:
            with pytest.raises(InvalidRequest):
                opening_of(template, VALUES)


def kind_of(letter: str) -> str:
    """What a letter is between double braces, to the server: part of a name, a blank, or neither."""
    if placeholders_of(f"{{{{{letter}}}}}", ()):
        return "n"
    return "b" if placeholders_of(f"{{{{{letter}a}}}}", ()) else "-"


def test_every_letter_and_blank_counts_as_with_the_server(page: Page, console_url: str) -> None:
    page.goto(console_url)
    script = """async (most) => {
        const { placeholdersOf } = await import("/console/template_text.js");
        const kindOf = (letter) => {
            if (placeholdersOf([`{{${letter}}}`]).length) return "n";
            return placeholdersOf([`{{${letter}a}}`]).length ? "b" : "-";
        };
        return Array.from({ length: most }, (_, point) => kindOf(String.fromCodePoint(point))).join("");
    }"""
    kinds = page.evaluate(script, MOST_LETTERS)
    for point, kind in enumerate(kinds):
        letter = chr(point)
        if unicodedata.category(letter) != "Cn":  # Chromium may know a later Unicode than Python
            assert kind == kind_of(letter), hex(point)


def test_template_is_written_beside_its_preview_and_changed(
    page: Page, new_console: Callable[..., str], axe: Callable[[Page], None], screenshot: Callable[[Page, str], None]
) -> None:
    url = new_console()
    page.goto(f"{url}#/templates")
    expect(page.get_by_text("There is no template yet.")).to_be_visible()
    page.get_by_role("link", name="New template").click()
    page.get_by_label("System prompt").fill("You translate into {{ language }}.")
    page.get_by_label("Text of message 1").fill("Translate <b>{{ text }}</b> into {{ language }}.")
    expect(page.get_by_text("2 variables have no value")).to_be_visible()
    page.get_by_label("language").fill("French")
    page.get_by_label("text", exact=True).fill("{{ language }} <script>")
    expect(preview(page)).to_contain_text("Translate <b>{{ language }} <script></b> into French.")
    page.get_by_label("text", exact=True).fill("")
    expect(page.get_by_text("Every variable has a value.")).to_be_visible()
    page.get_by_label("Take the value of text away").click()
    expect(page.get_by_text("text has no value: the server refuses a request without.")).to_be_visible()
    page.get_by_role("button", name="Create").click()
    expect(page.get_by_text("A template needs a name")).to_be_visible()
    axe(page)
    page.get_by_label("Name").fill("translate")
    page.get_by_text("Model and parameters").click()
    page.get_by_label("Temperature").fill("0.5")
    page.get_by_label("Other parameters").fill('{"seed": 7}')
    page.get_by_role("button", name="Create").click()

    expect(page.get_by_role("heading", name="translate")).to_be_visible()
    made = stored(url)["translate"]
    assert made["params"] == {"seed": 7, "temperature": 0.5}
    assert made["variables"] == ["language", "text"]
    assert page.url.endswith(made["id"])
    expect(page.get_by_label("language", exact=True)).to_have_value("French")
    screenshot(page, "template")
    page.get_by_label("Description").fill("Between languages")
    page.keyboard.press("Control+s")
    expect(page.get_by_text("Saved.")).to_be_visible()
    assert stored(url)["translate"] == {
        **made,
        "description": "Between languages",
        "updated_at": stored(url)["translate"]["updated_at"],
    }


def test_message_that_is_more_than_text_stays_as_it_is(page: Page, new_console: Callable[..., str]) -> None:
    url = new_console()
    content = [
        {"type": "text", "text": "What is on {{ what }}?"},
        {"type": "image_url", "image_url": {"url": "data:,"}},
    ]
    made = make(url, {**SUMS, "messages": [{"role": "user", "content": content}]})
    page.goto(f"{url}#/templates/{made['id']}")
    page.get_by_label("what").fill("this picture")
    expect(preview(page)).to_contain_text("What is on this picture?")
    expect(page.get_by_text("Ask has no place for image, seed")).to_be_visible()
    page.get_by_label("Description").fill("sees")
    page.get_by_label("JSON of message 1").fill("{")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Not the JSON of a message")).to_be_visible()
    page.get_by_role("button", name="Discard changes").click()
    page.get_by_label("Description").fill("sees")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved.")).to_be_visible()
    assert stored(url)["sums"]["messages"] == [{"role": "user", "content": content}]


def test_changes_outlive_other_pages_and_a_reload_until_they_are_discarded(
    page: Page, new_console: Callable[..., str]
) -> None:
    url = new_console()
    made = make(url, SUMS)
    page.on("dialog", lambda dialog: dialog.accept())
    page.goto(f"{url}#/templates/{made['id']}")
    page.get_by_label("System prompt").fill("Compute, {{ who }}!")
    page.get_by_role("link", name="Runs").click()
    page.get_by_role("link", name="Templates").click()
    expect(page.get_by_role("row").filter(has_text="sums")).to_contain_text("not saved")
    page.get_by_role("link", name="sums").click()
    page.reload()
    expect(page.get_by_label("System prompt")).to_have_value("Compute, {{ who }}!")
    assert stored(url)["sums"] == made

    page.get_by_role("button", name="Discard changes").click()
    expect(page.get_by_label("System prompt")).to_have_value("You compute for {{ who }}.")
    expect(page.get_by_role("button", name="Save")).to_be_disabled()


def test_template_fills_ask_and_compare_and_replaces_no_question_unasked(
    page: Page, new_console: Callable[..., str]
) -> None:
    url = new_console()
    made = make(url, SUMS)
    page.goto(url)
    page.get_by_label("Question").fill("My own question")
    page.goto(f"{url}#/templates")
    page.get_by_role("button", name="Use in Ask: sums").click()
    expect(page.get_by_label("who")).to_be_focused()
    page.keyboard.type("children")
    page.get_by_role("button", name="Use in Ask").click()
    expect(page.get_by_text("Give a value for first, second first.")).to_be_visible()
    expect(page.get_by_label("first")).to_be_focused()
    page.keyboard.type("6")
    page.get_by_label("second").fill("7")
    page.get_by_role("button", name="Use in Ask").click()
    expect(page.get_by_role("dialog")).to_contain_text("My own question")
    page.get_by_role("button", name="Replace it").click()

    expect(page.get_by_label("Question")).to_have_value("What is 6 times 7?")
    expect(page.get_by_role("list", name="Seats")).to_contain_text("sandbox/thorough · temperature 0")
    held = page.evaluate("JSON.parse(sessionStorage.getItem('parley.ask'))")
    assert held["instructions"] == "You compute for children."
    page.goto(f"{url}#/templates/{made['id']}")
    page.get_by_role("button", name="Use in Compare").click()
    expect(page).to_have_url(re.compile("#/compare"))
    held = page.evaluate("JSON.parse(sessionStorage.getItem('parley.compare'))")
    assert (held["template"], held["variables"]) == (made["id"], {"who": "children", "first": "6", "second": "7"})


def test_template_is_deleted_after_a_question(page: Page, new_console: Callable[..., str]) -> None:
    url = new_console()
    made = make(url, SUMS)
    page.goto(f"{url}#/templates/{made['id']}")
    page.get_by_role("button", name="Delete").click()
    page.get_by_role("button", name="Cancel").click()
    assert "sums" in stored(url)
    page.get_by_role("button", name="Delete").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(page.get_by_text("There is no template yet.")).to_be_visible()
    assert stored(url) == {}


def test_ordinary_key_uses_and_copies_a_global_template_but_does_not_change_it(
    page: Page, console_with_keys: Keyed, sign_in: Callable[[Page, str, str], None], axe: Callable[[Page], None]
) -> None:
    server = console_with_keys
    make(server.url, {**SUMS, "is_global": True}, server.admin_key)
    make(server.url, {**SUMS, "name": "of the admin alone"}, server.admin_key)
    sign_in(page, server.url, server.key)
    page.get_by_role("link", name="Templates").click()
    expect(page.get_by_text("1 template", exact=True)).to_be_visible()
    expect(page.get_by_role("button", name="Delete")).to_be_hidden()
    page.get_by_role("link", name="sums").click()
    expect(page.get_by_label("System prompt")).to_be_disabled()
    expect(page.get_by_text("changed by admin keys alone")).to_be_visible()
    axe(page)
    page.get_by_role("button", name="Make a copy").click()
    expect(page.get_by_label("Name")).to_have_value("sums (copy)")
    page.get_by_role("button", name="Create").click()
    expect(page.get_by_role("heading", name="sums (copy)")).to_be_visible()
    listed = get(server.url, "/v1/templates", {"Authorization": f"Bearer {server.key}"}).json
    assert [(each["name"], each["owner"], each["is_global"]) for each in listed] == [
        ("sums", "admin", True),
        ("sums (copy)", "ada", False),
    ]


def test_list_keeps_its_search_and_quotes_a_failing_server(
    page: Page,
    new_console: Callable[..., str],
    page_errors: PageErrors,
    axe: Callable[[Page], None],
    screenshot: Callable[[Page, str], None],
) -> None:
    url = new_console()
    make(url, SUMS)
    make(
        url,
        {
            "name": "<img src=x onerror=alert(1)>",
            "system": "Be {{ how }}.",
            "description": "hostile",
            "is_global": True,
        },
    )
    page.goto(f"{url}#/templates")
    expect(page.get_by_role("rowheader", name="<img src=x onerror=alert(1)>")).to_be_visible()
    axe(page)
    screenshot(page, "templates")
    page.get_by_label("Find a template").fill("WHO")
    page.reload()
    expect(page.get_by_label("Find a template")).to_have_value("WHO")
    expect(page.get_by_text("1 of 2 templates")).to_be_visible()

    def fail(route: Route) -> None:
        envelope = '{"error": {"message": "The store is away.", "code": "store_unavailable"}}'
        route.fulfill(status=503, body=envelope, content_type="application/json")

    page_errors.expect("status of 503")
    page.route("**/v1/templates", fail)
    page.reload()
    expect(page.get_by_role("alert")).to_contain_text("The store is away.")
    page.unroute("**/v1/templates")
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_text("1 of 2 templates")).to_be_visible()
