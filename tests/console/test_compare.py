"""The Compare page in a browser: a conversation with pictures, both modes, and what is done with the answers."""

import base64
import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, Request, expect

from console.conftest import Keyed
from console.page_errors import PageErrors
from serving import OPEN, post

_PATH = "/v1/chat/compare"
_QUESTION = (
    "Should a small team start with a monolith? A monolith is simple to deploy. "
    "A monolith can grow hard to change. Services scale apart, but they cost operations."
)
_PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d4944415478da63fccf"
    "c0f01f0005050202a7f1c8e50000000049454e44ae426082"
)
_FILE = {"name": "dot.png", "mimeType": "image/png", "buffer": _PNG}
_HAND = """(node, [kind, bytes]) => {
    const given = new DataTransfer();
    given.items.add(new File([new Uint8Array(bytes)], `${kind}.png`, { type: "image/png" }));
    const options = { bubbles: true, cancelable: true };
    const event = kind === "paste"
        ? new ClipboardEvent("paste", { ...options, clipboardData: given })
        : new DragEvent("drop", { ...options, dataTransfer: given });
    return !node.dispatchEvent(event);
}"""


@pytest.fixture
def compare(page: Page, console_url: str) -> Page:
    """The page, with a question in its first turn."""
    page.goto(f"{console_url}/#/compare")
    turn(page, 1).fill(_QUESTION)
    return page


def turn(page: Page, number: int) -> Locator:
    return page.get_by_label(f"Text of turn {number}", exact=True)


def pictures(page: Page, number: int) -> Locator:
    return page.get_by_role("list", name=f"Pictures of turn {number}").get_by_role("listitem")


def answers(page: Page) -> Locator:
    return page.get_by_role("region", name="Answers").get_by_role("article")


def set_models(page: Page, *names: str) -> None:
    for button in (
        page.get_by_role("list", name="Models", exact=True)
        .get_by_role("button", name=re.compile("^Remove"))
        .all()[::-1]
    ):
        button.click()
    picker = page.get_by_role("combobox", name="Add a model")
    for name in names:
        picker.fill(name)
        picker.press("Enter")
    picker.press("Escape")


def ask(page: Page) -> dict[str, Any]:
    """Send the form; returns what went out."""
    with page.expect_request(f"**{_PATH}") as asked:
        page.get_by_role("button", name="Compare").click()
    return body_of(asked.value)


def body_of(request: Request) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(request.post_data or "")
    return found


def test_answers_stand_side_by_side_above_their_evaluation(
    compare: Page, axe: Callable[[Page], None], screenshot: Callable[[Page, str], None]
) -> None:
    set_models(compare, "sandbox/terse", "sandbox/thorough", "sandbox/contrarian", "sandbox/down")
    compare.locator("input[type=file]").set_input_files(_FILE)
    expect(pictures(compare, 1)).to_contain_text("dot.png")

    ask(compare)

    expect(answers(compare).locator(".state")).to_have_text(["done", "done", "done", "failed"])
    expect(answers(compare).nth(0)).to_contain_text(re.compile(r"Time\d+ m?s.*Tokens\d+ → \d+.*Cost\$0\.0", re.DOTALL))
    expect(answers(compare).nth(3)).to_contain_text("sandbox/down is always down")
    evaluation = compare.get_by_role("region", name="Evaluation")
    expect(evaluation.get_by_role("heading")).to_have_text(
        ["Evaluation", "Accuracy", "Completeness", "Clarity", "Recommendation"]
    )
    expect(evaluation.locator(".state")).to_have_text("done")
    expect(compare.locator(".totals")).to_contain_text("not every model answered")
    axe(compare)
    screenshot(compare, "compare")

    compare.get_by_role("button", name="Trace").click()
    expect(compare).to_have_url(re.compile(r"#/runs/[0-9a-f-]{36}$"))


def test_answer_continues_the_conversation(compare: Page) -> None:
    compare.get_by_label("System prompt", exact=True).fill("Be brief.")
    compare.get_by_text("Side by side", exact=True).click()
    first = ask(compare)
    assert first["skip_comparison"] is True
    assert first["messages"] == [{"role": "system", "content": "Be brief."}, {"role": "user", "content": _QUESTION}]
    expect(answers(compare).locator(".state")).to_have_text(["done", "done"])

    answers(compare).nth(0).get_by_role("button", name="Continue with this answer").click()
    answers(compare).nth(1).get_by_role("button", name="Continue with this answer").click()  # rather with this one
    expect(turn(compare, 3)).to_be_focused()
    compare.keyboard.type("And for ten people?")
    chosen = turn(compare, 2).input_value()
    assert chosen in answers(compare).nth(1).inner_text()
    second = ask(compare)

    assert second["messages"][1:] == [
        {"role": "user", "content": _QUESTION},
        {"role": "assistant", "content": chosen},
        {"role": "user", "content": "And for ten people?"},
    ]
    expect(compare.locator(".totals")).to_be_visible()
    expect(compare.get_by_role("region", name="Evaluation")).to_have_count(0)


def test_stopped_comparison_keeps_what_was_written(compare: Page) -> None:
    compare.get_by_text("Side by side", exact=True).click()
    set_models(compare, "sandbox/chatty?tps=50", "sandbox/slow")
    ask(compare)
    expect(answers(compare).nth(0).locator(".prose")).to_contain_text(re.compile(r"\w+ \w+"))

    compare.get_by_role("button", name="Stop").click()

    expect(answers(compare).locator(".state")).to_have_text(["stopped", "stopped"])
    expect(answers(compare).nth(0).locator(".prose")).to_contain_text(re.compile(r"\w+ \w+"))
    expect(compare.get_by_role("button", name="Compare")).to_be_focused()


def test_pictures_are_attached_pasted_dropped_and_named(compare: Page) -> None:
    compare.locator("input[type=file]").set_input_files(
        [_FILE, {"name": "notes.txt", "mimeType": "text/plain", "buffer": b"no"}]
    )
    expect(compare.get_by_text("notes.txt: models take PNG, JPEG, WebP and GIF pictures.")).to_be_visible()
    for kind in ("paste", "drop"):
        assert turn(compare, 1).evaluate(_HAND, [kind, list(_PNG)]), f"the browser would have kept the {kind}"
        expect(pictures(compare, 1).filter(has_text=f"{kind}.png")).to_be_visible()
    compare.get_by_role("button", name="Picture by address…").click()
    compare.get_by_label("Address of a picture for turn 1").press("Enter")
    expect(compare.get_by_text("is no address; write it whole")).to_be_visible()
    compare.get_by_label("Address of a picture for turn 1").fill("https://example.org/a.png")
    compare.keyboard.press("Enter")
    compare.get_by_role("button", name="Remove dot.png").click()

    expect(pictures(compare, 1)).to_have_count(3)
    [message] = ask(compare)["messages"]
    assert [part["type"] for part in message["content"]] == ["text", "image_url", "image_url", "image_url"]
    urls = [part["image_url"]["url"] for part in message["content"][1:]]
    assert urls[0] == urls[1] == f"data:image/png;base64,{_base64(_PNG)}"
    assert urls[2] == "https://example.org/a.png"


def _base64(raw: bytes) -> str:

    return base64.b64encode(raw).decode()


def test_reload_keeps_the_draft_but_for_large_pictures(compare: Page) -> None:
    compare.get_by_role("button", name="Add an assistant turn").click()
    compare.keyboard.type("A small one should.")
    compare.get_by_role("button", name="Move turn 2 up").click()
    compare.locator("summary").click()
    compare.get_by_label("Temperature").fill("0.5")
    compare.locator("input[type=file]").set_input_files([{**_FILE, "name": "large.png", "buffer": _PNG * 4000}, _FILE])
    expect(pictures(compare, 2)).to_have_count(2)

    compare.reload()

    expect(turn(compare, 1)).to_have_value("A small one should.")
    expect(turn(compare, 2)).to_have_value(_QUESTION)
    expect(compare.locator("summary")).to_contain_text("temperature 0.5")
    expect(pictures(compare, 2).nth(0)).to_contain_text("too large to outlive the reload: attach it again")
    expect(pictures(compare, 2).nth(1)).to_contain_text("dot.png")
    compare.get_by_role("button", name="Compare").click()
    expect(compare.get_by_text("large.png is not here any more")).to_be_visible()
    compare.get_by_role("button", name="Remove large.png").click()
    compare.get_by_role("button", name="Remove turn 1").click()
    expect(turn(compare, 1)).to_be_focused()
    assert ask(compare)["temperature"] == 0.5


def test_faults_are_told_in_sentences(compare: Page, page_errors: PageErrors) -> None:
    page_errors.expect("status of 404")
    compare.get_by_role("button", name="Add a user turn").click()
    compare.get_by_role("button", name="Compare").click()
    expect(compare.get_by_text("Turn 2 is empty: write something, or remove it.")).to_be_visible()
    compare.get_by_role("button", name="Remove turn 2").click()

    set_models(compare, "sandbox/terse", "nobody-knows-me", "sandbox/terse")
    expect(compare.get_by_text("sandbox/terse is there already")).to_be_visible()
    ask(compare)

    expect(compare.get_by_role("alert")).to_contain_text("nobody-knows-me")


def test_all_models_failed_is_one_notice_and_one_word_each(compare: Page) -> None:
    set_models(compare, "sandbox/down")
    ask(compare)

    expect(compare.get_by_role("alert")).to_contain_text("all_models_failed")
    expect(answers(compare).locator(".state")).to_have_text(["failed"])


def test_stored_template_begins_the_conversation(page: Page, new_console: Callable[..., str]) -> None:
    url = new_console(OPEN)
    made = post(
        url, "/v1/templates", {"name": "sums", "messages": [{"role": "user", "content": "What is 6 times {{ n }}?"}]}
    )
    assert made.status == 201, made.body
    page.goto(f"{url}/#/compare")
    page.locator("summary").click()
    page.get_by_label("Begin with a template").select_option("sums")
    page.get_by_label("n", exact=True).fill("7")

    body = ask(page)

    assert body["template"] == "sums"
    assert body["variables"] == {"n": "7"}
    assert "messages" not in body
    expect(answers(page).nth(0)).to_contain_text("42")


def test_request_is_shown_in_five_languages_without_the_key(
    page: Page, console_with_keys: Keyed, sign_in: Callable[[Page, str, str], None], axe: Callable[[Page], None]
) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    sign_in(page, console_with_keys.url, console_with_keys.key)
    page.get_by_role("link", name="Compare").click()
    turn(page, 1).fill(_QUESTION)
    page.locator("input[type=file]").set_input_files({**_FILE, "buffer": _PNG * 20})
    expect(pictures(page, 1)).to_have_count(1)
    sent = ask(page)
    del sent["stream"]
    expect(page.locator(".totals")).to_be_visible()

    page.get_by_role("button", name="Show as…").click()
    dialog = page.get_by_role("dialog")
    for language in ("curl", "Python", "TypeScript", "Go", "Java"):
        dialog.get_by_text(language, exact=True).click()
        dialog.get_by_role("button", name=re.compile("Cop")).click()
        expect(dialog.get_by_role("button", name="Copied")).to_be_visible()
        text = page.evaluate("navigator.clipboard.readText()")
        assert console_with_keys.url in text
        assert console_with_keys.key not in text
        assert _base64(_PNG * 20) in text
        if language == "curl":
            assert json.loads(text[text.index("-d '") + 4 : text.rindex("'")]) == sent
    expect(dialog).to_contain_text("Pictures are shortened here. Copy takes them whole.")
    axe(page)
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
