"""How answers grow on the page: long, fast and in pieces, they end up whole, and the page stays of use meanwhile."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from console.ask_page import TEXT, AskPage
from serving import OPEN, post

_CHATTY = "sandbox/chatty?tps=8000"

_GROW = """async ([text, step]) => {
    const { Blocks } = await import("./console/markdown_blocks.js");
    const blocks = new Blocks();
    for (let end = 0; end < text.length + step; end += step) blocks.update(text.slice(0, end));
    return [...blocks.settled, blocks.tail];
}"""

_MIXED = """Intro
```python
a = 1

b = 2
```
after

- x

    still x

- y

| a | b |
|---|---|
| 1 | 2 |

~~~
```
~~~
end"""

_MIXED_BLOCKS = [
    "Intro\n",
    "```python\na = 1\n\nb = 2\n```\n",
    "after\n\n",
    "- x\n\n    still x\n\n",
    "- y\n\n",
    "| a | b |\n|---|---|\n| 1 | 2 |\n\n",
    "~~~\n```\n~~~\nend",
]


@pytest.fixture
def ask(page: Page) -> AskPage:
    return AskPage(page)


def test_answer_of_20000_tokens_stays_usable_and_ends_whole(ask: AskPage, console_url: str) -> None:
    ask.open(console_url, (_CHATTY, "sandbox/terse"))
    ask.ask()
    body = ask.answer(_CHATTY).locator(".answer-body")
    expect(body).to_contain_text("And at length")

    ask.prompt.press("End")
    ask.prompt.press_sequentially(" More.")
    expect(ask.prompt).to_have_value(f"{TEXT} More.")
    body.hover()
    ask.page.mouse.wheel(0, 3000)
    ask.page.wait_for_function("() => document.querySelector('.answer-body').scrollTop > 0")

    expect(ask.totals).to_be_visible()
    expect(ask.fact(_CHATTY, "Tokens")).to_contain_text("20,000")
    plain = post(console_url, "/v3/roundtable", {"input": TEXT, "models": [_CHATTY], "resolution": "fast"}).json
    lines = plain["model_results"][0]["data"].split("\n")
    items = [line.split(". ", 1) for line in lines if line[:1].isdigit()]
    expect(body.locator("li")).to_have_count(len(items))
    shown = body.locator("li").evaluate_all("(items) => items.map((item) => item.textContent.trim())")
    assert shown == [text.strip() for _, text in items]
    starts = body.locator("ol").evaluate_all("(lists) => lists.map((list) => [list.start, list.children.length])")
    assert [start for start, _ in starts] == [1 + sum(size for _, size in starts[:n]) for n in range(len(starts))]


def test_long_answer_can_be_stopped_and_the_panel_asked_again(ask: AskPage, console_url: str) -> None:
    ask.open(console_url, ("sandbox/chatty?tps=3000",))
    ask.ask()
    expect(ask.answer("sandbox/chatty?tps=3000").locator("li").nth(150)).to_be_attached()

    ask.stop_button.click()
    expect(ask.page.locator(".state")).to_have_text("stopped")
    kept = ask.answer("sandbox/chatty?tps=3000").locator("li").count()
    assert kept < 700

    ask.clear_seats()
    ask.add_seat("sandbox/terse")
    ask.prompt.press("Control+Enter")
    expect(ask.totals).to_be_visible()
    expect(ask.answer("sandbox/terse")).to_contain_text("done")


def test_page_survives_three_long_answers_at_once(ask: AskPage, console_url: str) -> None:
    ask.open(console_url, ("sandbox/chatty?tps=0",) * 3)
    ask.ask()

    expect(ask.totals).to_be_visible()
    counts = [article.locator("li") for article in ask.answer("sandbox/chatty?tps=0").all()]
    whole = post(
        console_url, "/v3/roundtable", {"input": TEXT, "models": ["sandbox/chatty?tps=0"], "resolution": "fast"}
    ).json["model_results"][0]["data"]
    items = sum(line[:1].isdigit() for line in whole.split("\n"))
    for count in counts:
        expect(count).to_have_count(items)


@pytest.mark.parametrize("step", [1, 7, 5000])
def test_growing_markdown_is_cut_where_blocks_begin_and_nothing_is_lost(
    page: Page, console_url: str, step: int
) -> None:
    page.goto(console_url)

    found = page.evaluate(_GROW, [_MIXED, step])

    assert "".join(found) == _MIXED
    if step == 1:
        assert found == _MIXED_BLOCKS


def test_text_that_is_replaced_is_cut_anew(page: Page, console_url: str) -> None:
    page.goto(console_url)

    found = page.evaluate(
        """async () => {
            const { Blocks } = await import("./console/markdown_blocks.js");
            const { settled, tail } = new Blocks().update('{"a":\\n\\n1}').update("```json\\n{}\\n```");
            return [...settled, tail];
        }"""
    )

    assert "".join(found) == "```json\n{}\n```"


def test_long_code_is_one_box_in_the_end_and_a_long_unbroken_text_is_whole(
    ask: AskPage, new_console: Callable[..., str], tmp_path: Path
) -> None:
    code = "\n".join(f"print({number})" for number in range(3000))
    words = "word " * 6000
    rows = tmp_path / "answers.jsonl"
    answers = {"coder": f"Here:\n\n```python\n{code}\n```\n\nDone.", "talker": words.strip()}
    rows.write_text(json.dumps({"prompt": TEXT, "answers": answers}) + "\n")
    provider = f'[providers.recorded]\ndialect = "replay"\npath = "{rows}"\ntps = 20000\n'
    ask.open(new_console(f"{OPEN}\n{provider}"), ("recorded/coder", "recorded/talker"))
    ask.ask()

    expect(ask.totals).to_be_visible()
    expect(ask.answer("recorded/coder")).to_contain_text("Done.")
    expect(ask.answer("recorded/coder").locator("pre")).to_have_count(1)
    assert ask.answer("recorded/coder").locator("pre").text_content() == code
    expect(ask.answer("recorded/talker").locator(".prose")).to_have_text(words.strip())
