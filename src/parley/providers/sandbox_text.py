"""What a sandbox model answers: finds the kind of question, works it out, and says it in the model's manner.

Deterministic: the same prompt and bias give the same text. Knows no provider, no stream and no schema.
"""

import re
from collections.abc import Sequence
from fractions import Fraction

from parley.providers.sandbox_advice import advise
from parley.providers.sandbox_arithmetic import Sum, find_sum, show_number
from parley.providers.sandbox_bias import Bias
from parley.providers.sandbox_draft import Draft, speak
from parley.providers.sandbox_extract import asks_summary, find_answer, summarise
from parley.providers.sandbox_notes import find_notes
from parley.providers.sandbox_options import Decision, because, caveat, decide, find_alternatives, virtues
from parley.providers.sandbox_prompt import Prompt, letter
from parley.providers.sandbox_stance import (
    Stance,
    are_tones,
    asks_tone,
    asks_yes_or_no,
    polarity,
    take_stance,
    tone_label,
)
from parley.providers.sandbox_tasks import do_task
from parley.providers.sandbox_tone import tone_of
from parley.providers.sandbox_words import capitalised, join_words, key_stems, overlap, sentences, shorten, words

_TONE_LABELS = ("positive", "negative", "mixed", "neutral")
_THUMB = "By rule of thumb: the question brings no text to read from."
_LONGEST_QUOTE = 240


def write_answer(prompt: Prompt, bias: Bias) -> str:
    """Return the answer to `prompt` in words; one of the choices, exactly as written, where it demands one."""
    if prompt.choices:
        return prompt.choices[choose(prompt.choices, prompt, bias)]
    draft = draft_answer(prompt, bias)
    if prompt.has_image:
        draft = Draft(draft.head, draft.reason, draft.points, draft.counter, draft.basis, "(I cannot see the image.)")
    return speak(draft, bias)


def choose(choices: Sequence[str], prompt: Prompt, bias: Bias) -> int:
    """Return the index of the choice that `bias` takes; `choices` is not empty."""
    question = prompt.question or prompt.text
    computed = find_sum(question)
    if computed is not None and computed.holds is None:
        hits = [place for place, choice in enumerate(choices) if _is_amount(choice, computed)]
        if hits:
            return hits[0]
    if prompt.options and _are_letters(choices, prompt.options):
        return choose(prompt.options[: len(choices)], prompt, bias)
    if are_tones(choices) and prompt.passage:
        return tone_label(choices, prompt.passage, bias)
    signs = [polarity(choice) for choice in choices]
    if 1 in signs and -1 in signs:
        return _choose_side(signs, prompt, bias)
    passage = (*prompt.passage, *find_notes(question))
    return decide(choices, question, passage, bias).winner.index


def stance_of(prompt: Prompt, bias: Bias) -> Stance:
    """Return where `bias` stands on the prompt's question, tones of the text included."""
    question = prompt.question or prompt.text
    return take_stance(question, (*prompt.passage, *find_notes(question)), bias)


def _choose_side(signs: Sequence[int | None], prompt: Prompt, bias: Bias) -> int:
    value = stance_of(prompt, bias).value
    if not value and prompt.passage:
        value = tone_of(" ".join(prompt.passage), bias).score - bias.doubt
    if not value and 0 in signs:
        return signs.index(0)
    wanted = -1 if value < 0 or (not value and bias.doubt > 0.5) else 1
    return signs.index(wanted)


def _is_amount(choice: str, computed: Sum) -> bool:
    try:
        return Fraction(choice.strip().lstrip("$€£").replace(",", "")) == computed.value
    except (ValueError, ZeroDivisionError):
        return choice.strip() == show_number(computed.value)


def _are_letters(choices: Sequence[str], options: Sequence[str]) -> bool:
    return len(choices) <= len(options) and all(
        choice.strip("(). ") == letter(place) for place, choice in enumerate(choices)
    )


def draft_answer(prompt: Prompt, bias: Bias) -> Draft:
    """Return the answer to `prompt` in parts, before it is put into words; choices are left to `choose`."""
    question = prompt.question
    if prompt.tool_result:
        return _tool_draft(prompt, bias)
    computed = find_sum(question) or (find_sum(prompt.text) if not question or len(prompt.text) < 400 else None)
    if computed is not None:
        return _sum_draft(computed)
    done = do_task(question, prompt.passage)
    if done is not None:
        return done
    if prompt.options:
        return _option_draft(prompt, bias)
    if prompt.passage and asks_tone(question):
        return _tone_draft(prompt, bias)
    alternatives = find_alternatives(question)
    if len(alternatives) > 1 and not (
        are_tones(alternatives) or any(polarity(one) is not None for one in alternatives)
    ):
        return _decision_draft(decide(alternatives, question, (*prompt.passage, *find_notes(question)), bias), prompt)
    return _reading_draft(prompt, bias)


def _tool_draft(prompt: Prompt, bias: Bias) -> Draft:
    """Answer from what a tool has given back."""
    found = find_answer(prompt.question or prompt.text, sentences(prompt.tool_result), bias)
    return found or Draft(f"The tool's result: {shorten(prompt.tool_result, _LONGEST_QUOTE)}")


def _reading_draft(prompt: Prompt, bias: Bias) -> Draft:
    """Answer from the text, else from the notes, else with advice."""
    question = prompt.question
    passage = prompt.passage or find_notes(question)
    if asks_yes_or_no(question):
        stance = take_stance(question, passage, bias)
        if stance.is_known:
            return _stance_draft(stance, prompt)
    if prompt.passage and (asks_summary(question) or (not question and len(prompt.passage) > 1)):
        return summarise(prompt.passage, bias)
    found = find_answer(question, passage, bias) if passage and question else None
    if found is not None:
        return found if prompt.passage else Draft(found.head, basis="From a short list of general facts that I carry.")
    if prompt.passage and question:
        return _silent_draft(prompt, bias)
    return advise(question or prompt.text, bias)


def _sum_draft(computed: Sum) -> Draft:
    if computed.holds is not None:
        return Draft(
            "Yes" if computed.holds else "No",
            f"{computed.shown} is {str(computed.holds).lower()}.",
            basis="Computed exactly.",
        )
    line = f"{computed.shown} {computed.sign} {computed.result}"
    check = "Computed exactly." if computed.sign == "=" else "Rounded to six decimals."
    points = (_check(computed.shown),) if _check(computed.shown) else ()
    return Draft(line, points=points, twist="There is no other side to this one.", basis=check)


def _check(shown: str) -> str:
    """Return a product of two whole numbers taken apart by tens, so that it can be followed; else nothing."""
    found = re.fullmatch(r"(\d{1,6}) \* (\d{2,6})", shown)
    if found is None:
        return ""
    left, right = int(found[1]), int(found[2])
    tens, ones = right // 10 * 10, right % 10
    return (
        f"{left} * {tens} = {left * tens} and {left} * {ones} = {left * ones}; together {left * right}." if ones else ""
    )


def _option_draft(prompt: Prompt, bias: Bias) -> Draft:
    place = choose(prompt.options, prompt, bias)
    decision = decide(prompt.options, prompt.question, (*prompt.passage, *find_notes(prompt.question)), bias)
    own = next(one for one in decision.ranked if one.index == place)
    reason = _why(own.evidence, because(own), prompt) or "Nothing in the text decides it; this is my rule's pick."
    return Draft(prompt.options[place], reason, ending=f"The answer is ({letter(place)}).")


def _tone_draft(prompt: Prompt, bias: Bias) -> Draft:
    alternatives = find_alternatives(prompt.question)
    labels = alternatives if are_tones(alternatives) else _TONE_LABELS
    tone = tone_of(" ".join(prompt.passage), bias)
    label = labels[tone_label(labels, prompt.passage, bias)]
    if labels is _TONE_LABELS and label == "mixed" and not tone.is_mixed:
        label = "neutral"
    good, bad = join_words(tone.good[:4]), join_words(tone.bad[:4])
    heard = join_words(filter(None, [f"praise in {good}" if good else "", f"blame in {bad}" if bad else ""]))
    reason = f"I hear {heard}." if heard else "It holds no word of praise or blame that I know."
    counter = ""
    if tone.is_mixed:
        counter = "Both sides are there; what comes after a turn such as 'but' decides how it is meant."
    return Draft(label, reason, counter=counter, basis="Read from small word lists; irony is beyond me.")


def _decision_draft(decision: Decision, prompt: Prompt) -> Draft:
    winner, runner_up = decision.winner, decision.runner_up
    if not decision.is_known:
        return Draft(
            winner.option,
            f"I know nothing that speaks for {winner.option} or {runner_up.option}; it is named "
            f"{'first' if winner.index == 0 else 'later'}, and that is all I go by.",
            basis="Tell me what matters, and I will weigh them.",
        )
    reason = _why(winner.evidence, because(winner), prompt) or f"It has less against it than {runner_up.option}."
    points = [_point(one.option, one.evidence, virtues(one)) for one in decision.ranked]
    lacking = caveat(winner, runner_up)
    counter = f"{capitalised(lacking)} than {runner_up.option}." if lacking else ""
    basis = "" if prompt.passage else _THUMB
    return Draft(winner.option, reason, tuple(filter(None, points)), counter, basis, twist=_twist(decision))


def _why(evidence: str | None, rule: str, prompt: Prompt) -> str:
    if evidence:
        source = "The text says" if prompt.passage else "As far as I know"
        return f'{source}: "{shorten(evidence, _LONGEST_QUOTE)}"'
    return f"{capitalised(rule)}." if rule else ""


def _point(option: str, evidence: str | None, rule: str) -> str:
    said = f'"{shorten(evidence, _LONGEST_QUOTE)}"' if evidence else rule
    return f"{capitalised(option)}: {said}" if said else ""


def _twist(decision: Decision) -> str:
    if not decision.is_swayed:
        return ""
    """Return why the runner-up was taken: what the obvious choice lacks of it."""
    winner, obvious = decision.winner, decision.runner_up
    lacking = caveat(obvious, winner)
    if lacking:
        return f"{capitalised(obvious.option)} is the obvious pick, but {lacking}."
    return f"{capitalised(obvious.option)} is the obvious pick, by a margin too small to follow without a second look."


def _stance_draft(stance: Stance, prompt: Prompt) -> Draft:
    head = "Yes" if stance.value > 0 else "No" if stance.value < 0 else "It depends"
    sided = stance.reasons if stance.value > 0 else stance.against
    other = stance.against if stance.value > 0 else stance.reasons
    reason = _why(stance.evidence, _rule(sided[0]) if sided else "", prompt)
    counter = f"{capitalised(_rule(other[0]))}." if other else ""
    if not reason:
        reason, counter = f"The usual argument is that {_rule(other[0])}; it proves less than it seems.", ""
    points = tuple(f"{capitalised(rule)}." for rule in (*sided, *other))
    return Draft(head, reason, points, counter, "" if stance.evidence else _THUMB)


def _rule(told: str) -> str:
    """Return a rule of thumb without the word that called it up."""
    return told.split(": ", 1)[1]


def _silent_draft(prompt: Prompt, bias: Bias) -> Draft:
    """Say that the text does not answer; name the nearest sentence, since that is what it has."""
    wanted = key_stems(prompt.question)
    nearest = max(prompt.passage[:200], key=lambda sentence: overlap(wanted, key_stems(sentence)))
    if bias.takes_runner_up:
        return Draft("The text leaves it open", f"It speaks of something else: {shorten(nearest, _LONGEST_QUOTE)}")
    many = len(words(" ".join(prompt.passage[:200])))
    return Draft(
        "The text does not say",
        f'The nearest it comes is: "{shorten(nearest, _LONGEST_QUOTE)}"',
        basis=f"{many} words read.",
    )
