"""What sandbox models answer: sums right, texts read, choices made, and three tastes that disagree at times."""

from fractions import Fraction

import pytest

from local_calls import assistant, make_call, system, user
from parley.domain.messages import Message
from parley.panel.check import ChoiceCheck
from parley.panel.resolve.choices import ChoiceReader
from parley.providers.sandbox_arithmetic import compute, find_sum
from parley.providers.sandbox_bias import CONTRARIAN, EVEN, TERSE, THOROUGH, Bias
from parley.providers.sandbox_options import find_alternatives
from parley.providers.sandbox_prompt import read_prompt
from parley.providers.sandbox_text import write_answer
from parley.providers.sandbox_tone import tone_of
from parley.providers.sandbox_words import sentences, stem

TRIO = (TERSE, THOROUGH, CONTRARIAN)
PARLEY = (
    "Parley is a self-hosted server. It asks several models at once. Answers come back merged, compared or counted. "
    "However, it does not train models. The server needs Python 3.11 and 200 MB of memory. "
    "It was started in 2026 because existing gateways lost usage data."
)
MIXED_REVIEW = "The plot was predictable, but I could not stop smiling."


def answer(bias: Bias, *turns: Message | str) -> str:
    return write_answer(read_prompt(make_call("x", *turns).messages), bias)


def vote(bias: Bias, question: str, *choices: str) -> str:
    return answer(bias, system(f"Be fair.\n\n{ChoiceCheck(choices).directive()}"), question)


@pytest.mark.parametrize(
    ("question", "result"),
    [
        ("What is 17 * 23?", "391"),
        ("what's 17 times 23", "391"),
        ("12% of 250", "30"),
        ("What is 15% off 80?", "68"),
        ("What's 5% of $1,200?", "60"),
        ("Compute 1,250 + 750", "2000"),
        ("(3 + 4) squared", "49"),
        ("What is -2^2?", "-4"),
        ("2^3^2", "512"),
        ("sqrt(144) + 1", "13"),
        ("What is the square root of 2?", "1.414214"),
        ("100 / 8 =", "12.5"),
        ("What is 1/3?", "0.333333"),
        ("What is 2 - -3?", "5"),
        ("3.5 x 2", "7"),
        ("What is twelve plus five?", "17"),
        ("10 - 4 - 3", "3"),
        ("How many eggs are in 7 boxes of 12 eggs each?", "84"),
        ("Tom has 12 apples and gives away 5. How many are left?", "7"),
        ("30 sweets are shared equally among 6 kids. How many does each get?", "5"),
        ("2^512", str(2**512)),
    ],
)
def test_sums_are_computed(question: str, result: str) -> None:
    computed = find_sum(question)
    assert computed is not None
    assert computed.result == result
    for bias in TRIO:
        assert result in answer(bias, question)


@pytest.mark.parametrize(
    "question",
    [
        "We are open 24/7",
        "Is 2024-05-01 a Monday?",
        "call 555-1234",
        "Should we use Python 3.11 or 3.12?",
        "Pick between 10-20 items",
        "10/0",
        "0^-1",
        "9^9^9",
        "2**5000",
        "(" * 300 + "1+1" + ")" * 300,
        "-" * 150 + "1 + 1",
        "1+" * 5_000 + "1",
        "sqrt(-4)",
        "7",
        "+",
        "",
    ],
)
def test_what_is_no_sum_or_beyond_the_bounds_is_left_alone(question: str) -> None:
    assert find_sum(question) is None


@pytest.mark.parametrize(
    ("question", "holds"),
    [
        ("Is 17 * 23 greater than 400?", False),
        ("Is 5 > 3?", True),
        ("Is 6 * 7 equal to 42?", True),
        ("Is 10 less than 2 + 3?", False),
    ],
)
def test_comparisons_of_sums_are_decided(question: str, holds: bool) -> None:
    computed = find_sum(question)
    assert computed is not None
    assert computed.holds is holds
    for bias in TRIO:
        assert answer(bias, question).startswith("Yes" if holds else "No")
        assert vote(bias, question, "No", "Yes") == ("Yes" if holds else "No")


def test_expression_is_exact_where_floats_are_not() -> None:
    computed = compute("0.1 + 0.2")
    assert computed is not None
    assert computed.value == Fraction(3, 10)


@pytest.mark.parametrize(
    ("question", "part"),
    [
        ("When was it started?", "2026"),
        ("How much memory does it need?", "200 MB"),
        ("What does it ask at once?", "several models"),
        ("Does it train models?", "does not train models"),
    ],
)
def test_sentence_that_answers_is_found_in_the_text(question: str, part: str) -> None:
    for bias in TRIO:
        assert part in answer(bias, f"{PARLEY}\n\n{question}")


@pytest.mark.parametrize(
    ("text", "question", "start"),
    [
        (PARLEY, "Does it train models?", "No"),
        ("The shop is closed on Sunday. It opens at 9.", "Is the shop open on Sunday?", "No"),
        ("No key is needed. It needs Python.", "Does it need a key?", "No"),
        ("The museum is free for children.", "Is the museum free for children?", "Yes"),
        ("Dogs are not allowed on the beach.", "Are dogs forbidden on the beach?", "Yes"),
    ],
)
def test_yes_and_no_follow_the_text_with_its_denials(text: str, question: str, start: str) -> None:
    for bias in TRIO:
        assert answer(bias, f"{text} {question}").startswith(start)


def test_text_that_does_not_answer_is_said_not_to() -> None:
    for bias in TRIO:
        assert "text" in answer(bias, f"{PARLEY} Who pays for it?").lower()
        assert "2026" not in answer(bias, f"{PARLEY} Who pays for it?")


def test_summaries_are_sentences_of_the_text_and_differ_in_length() -> None:
    terse, thorough, contrarian = (answer(bias, f"Summarise this: {PARLEY}") for bias in TRIO)
    assert terse in sentences(PARLEY)
    assert sum(1 for sentence in sentences(PARLEY) if sentence in thorough) >= 4
    assert "However, it does not train models." in contrarian


def test_earlier_turns_are_read_too() -> None:
    turns = (user("My dog is called Bello and he is nine years old."), assistant("Noted."), user("How old is my dog?"))
    for bias in TRIO:
        assert "nine years" in answer(bias, *turns)


@pytest.mark.parametrize(
    ("text", "terse", "thorough", "contrarian"),
    [
        (MIXED_REVIEW, "positive", "positive", "negative"),
        ("I love it, it works great.", "positive", "positive", "positive"),
        ("Terrible. It broke and nobody was helpful.", "negative", "negative", "negative"),
        ("Not bad at all, I really enjoyed it.", "positive", "positive", "positive"),
        ("The room was clean and quiet but the staff was rude and slow.", "negative", "negative", "negative"),
    ],
)
def test_tone_is_heard_with_negation_and_turns(text: str, terse: str, thorough: str, contrarian: str) -> None:
    question = f'Is this review positive or negative? "{text}"'
    votes = [vote(bias, question, "positive", "negative") for bias in TRIO]
    assert votes == [terse, thorough, contrarian]
    assert [answer(bias, question).split(".")[0].lower() for bias in TRIO] == votes


def test_tone_counts_words_and_turns_them_round() -> None:
    assert tone_of("good").score > 0 > tone_of("not good").score
    assert tone_of("bad, but good", THOROUGH).score > 0
    assert tone_of("It is made of wood.").score == 0
    assert tone_of("I can't stop smiling").score > 0


@pytest.mark.parametrize(
    ("question", "options"),
    [
        ("Should we use Postgres or SQLite for a small internal tool?", ("Postgres", "SQLite")),
        ("Tea or coffee?", ("Tea", "coffee")),
        ("Which is better: Python or Rust?", ("Python", "Rust")),
        ("Choose between a monolith and microservices for our startup.", ("monolith", "microservices")),
        ("cats vs dogs", ("cats", "dogs")),
        ("Should I learn Python, Go or Rust first?", ("Python", "Go", "Rust")),
        ("Which bike is cheaper, the red bike or the blue bike?", ("red bike", "blue bike")),
        ("What is the difference between TCP and UDP?", ()),
        ("What is the capital of France?", ()),
        ("Explain how to install or update the application on a machine.", ()),
    ],
)
def test_alternatives_are_read_from_the_question(question: str, options: tuple[str, ...]) -> None:
    assert find_alternatives(question) == options


BIKES = "The red bike costs 300 euros. The blue bike costs 250 euros and is slower than the red bike."


def test_options_are_decided_by_the_text_before_any_rule_of_thumb() -> None:
    for bias in TRIO:
        assert answer(bias, f"{BIKES} Which bike is cheaper, the red bike or the blue bike?").startswith("Blue bike")
        assert answer(bias, f"{BIKES} Which bike should we take: red or blue?").startswith("Red")


QUESTIONS_OF_TASTE = (
    "Should we use Postgres or SQLite for a small internal tool?",
    "Tea or coffee?",
    "Should we use tabs or spaces?",
    "Which is better: Python or Rust?",
    "Should we build or buy a billing system?",
    "Monolith or microservices for a new product?",
    "Should we ship now or wait until Monday?",
    "Should we automate the weekly report?",
    "Train or car for a weekend trip?",
    f'Is this review positive or negative? "{MIXED_REVIEW}"',
    "Remote or office?",
    "Should we deploy on Friday?",
)


def test_three_tastes_really_disagree_at_times_and_nobody_is_alone_always() -> None:
    heads = {question: [answer(bias, question).split(".")[0] for bias in TRIO] for question in QUESTIONS_OF_TASTE}
    split = [question for question, said in heads.items() if len(set(said)) > 1]
    assert len(split) >= 8
    assert any(said[0] != said[1] for said in heads.values())
    assert all(len({tuple(answer(bias, question)) for bias in TRIO}) == 3 for question in QUESTIONS_OF_TASTE[:8])


def test_three_tastes_agree_where_the_evidence_is_firm() -> None:
    for question in (
        "What is 6 * 7?",
        f"{BIKES} Which bike is cheaper: red or blue?",
        "What is the capital of France?",
    ):
        assert len({answer(bias, question).split(".")[0] for bias in TRIO}) == 1


def test_tastes_differ_in_length() -> None:
    for question in ("Should we use Postgres or SQLite for a small internal tool?", "How can we reduce costs?"):
        terse, thorough, _ = (answer(bias, question) for bias in TRIO)
        assert len(sentences(terse)) <= 2
        assert len(thorough) > 2 * len(terse)
        assert "\n- " in thorough


def test_contrarian_says_why_it_takes_the_runner_up() -> None:
    said = answer(CONTRARIAN, "Should we use Postgres or SQLite for a small internal tool?")
    assert said.startswith("Postgres. SQLite is the obvious pick, but ")


def test_question_without_a_text_claims_no_facts() -> None:
    assert "I have no text" in answer(TERSE, "What is the population of Gotham?")
    assert "rule of thumb" in answer(THOROUGH, "Should we use Postgres or SQLite for a small internal tool?")


@pytest.mark.parametrize(
    "choices", [("SQLite", "Postgres"), ("Postgres", "SQLite"), ("SQLite\nthe small one", "Postgres")]
)
def test_choice_is_returned_exactly_as_written(choices: tuple[str, ...]) -> None:
    for bias in (*TRIO, EVEN):
        said = vote(bias, "Which database for a small internal tool?", *choices)
        assert said in choices
        assert ChoiceReader(choices).read(said) is not None


@pytest.mark.parametrize(
    ("question", "choices", "right"),
    [
        ("What is 17 * 23?", ("381", "391", "401"), "391"),
        ("What is the capital of Australia?", ("Sydney", "Canberra", "Perth"), "Canberra"),
        ("Which planet is the largest?\nA) Mars\nB) Jupiter\nC) Venus", ("A", "B", "C"), "B"),
        ("My invoice shows the wrong VAT and I was charged twice.", ("technical", "billing", "sales"), "billing"),
        ("The app crashes with an error at login.", ("billing", "technical", "sales"), "technical"),
        ("The museum is free for children. Is the museum free for children?", ("true", "false"), "true"),
        ("The shop is closed on Sunday. Is it open on Sunday?", ("Yes", "No", "Unsure"), "No"),
        ("The parcel went to Rome. The letter went to Oslo. Where did the letter go?", ("Rome", "Oslo"), "Oslo"),
    ],
)
def test_choices_with_a_clear_answer_are_decided_rightly(question: str, choices: tuple[str, ...], right: str) -> None:
    for bias in TRIO:
        assert vote(bias, question, *choices) == right


def test_hundred_choices_are_all_seen() -> None:
    choices = [f"option {number}" for number in range(99)] + ["the zebra"]
    assert vote(TERSE, "Which one speaks of a zebra?", *choices) in choices
    assert read_prompt(make_call("x", system(ChoiceCheck(choices).directive()), "q").messages).choices == tuple(choices)


def test_options_in_the_question_are_answered_with_a_letter_to_read() -> None:
    question = "Which planet is the largest?\nA) Mars\nB) Jupiter\nC) Venus"
    for bias in TRIO:
        assert answer(bias, question).endswith("The answer is (B).")


def test_own_instructions_with_letters_are_no_choices() -> None:
    directive = ChoiceCheck(("red", "blue")).directive()
    prompt = read_prompt(make_call("x", system(f"A) Be brief.\nB) Be kind.\n\n{directive}"), "Which?").messages)
    assert prompt.choices == ("red", "blue")


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("How many r are in strawberry?", "3"),
        ("How often does the letter s stand in the word Mississippi?", "4"),
        ("Count the words in: one two three four", "4"),
        ("Reverse the word parley", "Yelrap"),
        ("Sort: pear, fig, apple", "Apple, fig, pear"),
        ("Sort descending: 3, 11, 2", "11, 3, 2"),
    ],
)
def test_small_tasks_are_done(question: str, expected: str) -> None:
    assert answer(TERSE, question).startswith(expected)


def test_very_long_texts_are_read_at_both_ends() -> None:
    text = "The first fact is that the harbour is blue. " + "Filler goes on and on. " * 40_000
    assert "blue" in answer(TERSE, f"{text} What colour is the harbour?")


def test_words_meet_in_their_forms() -> None:
    assert stem("costing") == stem("costs") == stem("cost")
    assert sentences("Dr. Who came at 3.15 p.m. today. He left!\n- One\n- Two") == (
        "Dr. Who came at 3.15 p.m. today.",
        "He left!",
        "One",
        "Two",
    )
