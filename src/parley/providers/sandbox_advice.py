"""Answers to questions that bring no text: method and rules of thumb, said to be no more than that.

No facts are claimed. Templates as data, written for this project; the topic is taken from the question.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from parley.providers.sandbox_bias import Bias
from parley.providers.sandbox_draft import Draft
from parley.providers.sandbox_traits import CUES
from parley.providers.sandbox_words import capitalised, shorten, words

_KINDS = (
    (
        "greeting",
        re.compile(
            r"^\W*(?:hi|hello|hey|good (?:morning|evening|day)|thanks?|thank you|ping|test(?:ing)?)\b[^?]{0,30}$",
            re.IGNORECASE,
        ),
    ),
    ("self", re.compile(r"\b(?:who|what) are you\b|\bwhat can you do\b|\bare you (?:a|an|real)\b", re.IGNORECASE)),
    ("translate", re.compile(r"\btranslat(?:e|ion)\b", re.IGNORECASE)),
    (
        "code",
        re.compile(
            r"\b(?:write|implement|code)\b.{0,40}\b(?:function|program|script|class|code|query|regex)\b", re.IGNORECASE
        ),
    ),
    ("poem", re.compile(r"\b(?:poem|haiku|verse|rhyme|limerick)\b", re.IGNORECASE)),
    ("letter", re.compile(r"\b(?:e-?mail|letter|message to|note to)\b", re.IGNORECASE)),
    (
        "trade",
        re.compile(
            r"\b(?:pros and cons|advantages?|disadvantages?|benefits?|drawbacks?|trade-?offs?|downsides?)\b",
            re.IGNORECASE,
        ),
    ),
    ("write", re.compile(r"\b(?:write|draft|compose|poem|haiku|story|email|letter|slogan|tagline)\b", re.IGNORECASE)),
    (
        "ideas",
        re.compile(
            r"\b(?:ideas?|suggest|list|give me|brainstorm|names? for|ways to|tips|examples?|recommend)\b", re.IGNORECASE
        ),
    ),
    (
        "what",
        re.compile(
            r"^\W*(?:explain|describe|define)\b|\bhow (?:does|did|is|was|are|were|much|many|long|old|far)\b",
            re.IGNORECASE,
        ),
    ),
    ("how", re.compile(r"\bhow\b|\bplan\b|\bsteps?\b|\bimprove\b|\breduce\b", re.IGNORECASE)),
    ("why", re.compile(r"\bwhy\b|\bwhat causes?\b|\breasons?\b", re.IGNORECASE)),
    ("should", re.compile(r"^\W*(?:should|shall|must|may|can|could|would)\b", re.IGNORECASE)),
    ("what", re.compile(r"\b(?:what|who|when|where|which|define|explain|describe|whose)\b|[?？]\s*$", re.IGNORECASE)),
)
_HEAD = re.compile(
    r"^\W*(?:please |can you |could you |would you )*(?:tell me |let me know |show me )?"
    r"(?:(?:what|who|when|where|which|why|how)(?:'s)?(?: "
    r"(?:is|are|was|were|do|does|did|can|could|should|would|to|many|much))*"
    r"(?: (?:i|we|you|they|one|it))?(?: (?:mean by|causes?))?"
    r"|should (?:we|i|you|they|one)|is|are|do|does|can|explain|describe|define|discuss|suggest|list"
    r"|recommend|brainstorm|plan"
    r"|give (?:me|us)|write|draft|compose|name|compare|propose)\b\s*(?:me |us )?",
    re.IGNORECASE,
)
_FILLER = re.compile(
    r"^(?:(?:(?:a|an|the)\s+)?(?:some|any|few|three|two|five|ten|\d+|short|good|best|main|of|for|about|on|to|"
    r"pros and cons|advantages|disadvantages|benefits|drawbacks|trade-?offs|ideas?|ways|tips|names?|examples?|reasons?|"
    r"poem|haiku|story|email|letter|slogan|tagline|function|program|script|that|between|which)\s+)+",
    re.IGNORECASE,
)
_LONGEST_TOPIC = 90
_WITHOUT_BASIS = frozenset({"greeting", "self", "translate", "poem", "letter", "empty", "other"})
_NO_TEXT = "No text came with the question, so this is method and rule of thumb, not fact."


@dataclass(frozen=True, slots=True)
class _Template:
    head: str
    reason: str = ""
    points: tuple[str, ...] = ()
    counter: str = ""


_TEMPLATES: Mapping[str, Mapping[str, _Template]] = MappingProxyType(
    {
        "greeting": {
            "terse": _Template("Hello", "Give me a text, a sum or a choice."),
            "thorough": _Template(
                "Hello",
                "I am one of Parley's sandbox models: a small program that answers from the text it is given.",
                (
                    "Paste a text and ask about it.",
                    "Ask for a sum, such as 12% of 250.",
                    "Ask me to choose: tea or coffee?",
                ),
            ),
            "contrarian": _Template(
                "Hello", "Ask something that people disagree about; that is where a panel is worth its price."
            ),
        },
        "self": {
            "terse": _Template("A sandbox model of Parley", "I am a program with fixed rules, not a language model."),
            "thorough": _Template(
                "A sandbox model of Parley",
                "I am a deterministic program, not a language model: the same question always gets the same answer.",
                (
                    "I read the text that comes with a question and answer with its sentences.",
                    "I compute sums, count, and decide between options and between yes and no.",
                    "I fill in a JSON Schema from the text.",
                    "I know next to nothing of the world, and say so.",
                ),
            ),
            "contrarian": _Template(
                "Not a language model",
                "I am a program that takes the other side where it is close; judge what I say by its reasons.",
            ),
        },
        "translate": {
            "terse": _Template("I carry no dictionary", "Ask a real model for a translation."),
            "thorough": _Template(
                "I can't translate",
                "A sandbox model carries no dictionary; a configured provider's model will do it.",
                ("I can summarise, count or compare the text in the language it is in.",),
            ),
            "contrarian": _Template(
                "No translation from me", "A wrong one would be worse than none: I carry no dictionary."
            ),
        },
        "code": {
            "terse": _Template("Begin with one test for {topic}", "Then write the least code that passes it."),
            "thorough": _Template(
                "I write no code, but here is how to get to {topic}",
                "",
                (
                    "Write down one input and the output it must give.",
                    "Name the edge cases: empty, one, many, too many, wrong type.",
                    "Write the plainest version that passes.",
                    "Measure before you make it faster.",
                ),
            ),
            "contrarian": _Template(
                "Look for it before you write it", "The standard library may hold {topic} already, tested by others."
            ),
        },
        "trade": {
            "terse": _Template("{Topic}: worth it where it saves more time than its upkeep costs", ""),
            "thorough": _Template(
                "{Topic}: weigh it on four scales",
                "",
                (
                    "For: what gets easier every day once it is there.",
                    "For: what becomes possible that was not before.",
                    "Against: what it costs to begin, and again every month.",
                    "Against: what it makes hard to take back.",
                ),
                "A benefit that nobody has measured is a hope.",
            ),
            "contrarian": _Template(
                "The case against {topic} is the better start",
                "Drawbacks come later than benefits, so they are counted less than they weigh; ask who pays, and when.",
            ),
        },
        "write": {
            "terse": _Template("{Topic}: in short, it matters; here is why, and what comes next.", ""),
            "thorough": _Template(
                "A frame for {topic}",
                "",
                (
                    "Open with the one thing that the reader should remember.",
                    "Then say why it concerns them, with one example they know.",
                    "Then the next step: who, what, by when.",
                    "Close with thanks, or with an image, and stop early.",
                ),
            ),
            "contrarian": _Template(
                "Say the unexpected thing about {topic} first", "A reader who nods along has stopped reading."
            ),
        },
        "ideas": {
            "terse": _Template("For {topic}: begin with the cheapest thing that you could try this week", ""),
            "thorough": _Template(
                "Five ways to come at {topic}",
                "",
                (
                    "The smallest: what could be done today, alone, for nothing?",
                    "The borrowed: who has solved something like it, and how?",
                    "The opposite: what would make it worse, and what follows if you turn that round?",
                    "The removed: what could be left out?",
                    "The joined: which two half ideas make a whole one?",
                ),
            ),
            "contrarian": _Template(
                "Fewer ideas for {topic}, not more",
                "Take the one that was dropped last time and ask whether its reason still holds.",
            ),
        },
        "how": {
            "terse": _Template(
                "Take the smallest step that you can check",
                "To {topic}, do that today, look at the result, then decide on the next.",
            ),
            "thorough": _Template(
                "A plan to {topic}",
                "",
                (
                    "Say what will be different when it has worked, in one sentence.",
                    "Measure where you stand now.",
                    "Change one thing, the cheapest that could matter.",
                    "Measure again after a fixed time.",
                    "Keep it or take it back, and write down which.",
                ),
                "If the goal can't be said in one sentence, more steps will not help.",
            ),
            "contrarian": _Template(
                "First ask whether it is the right problem",
                "Before you {topic}, find out what would happen if nobody did anything: often the answer is nothing.",
            ),
        },
        "why": {
            "terse": _Template(
                "Look for what changed just before",
                "It explains most things; I have no text on “{topic}” to say which change it was.",
            ),
            "thorough": _Template(
                "Three kinds of reason to check: “{topic}”",
                "",
                (
                    "Something changed: what was different just before?",
                    "Something is missing: what is present where it does not happen?",
                    "Somebody gains: whom does it serve as it is?",
                ),
                "Two things that come together need not cause each other.",
            ),
            "contrarian": _Template(
                "Perhaps it is not so", "Before you explain “{topic}”, check that it is true, and how often."
            ),
        },
        "what": {
            "terse": _Template("I have no text on {topic}", "Give me a paragraph and I will answer from it."),
            "thorough": _Template(
                "I have nothing to read on {topic}",
                "A sandbox model answers from the text it is given.",
                (
                    "Paste a paragraph on it, and I will answer with its sentences.",
                    "Or name the options, and I will weigh them.",
                    "Or ask a configured provider's model.",
                ),
            ),
            "contrarian": _Template(
                "I would not trust a short answer on {topic}", "Without a source to quote, mine would be a guess."
            ),
        },
        "poem": {
            "terse": _Template("{Topic}, quietly.\nSomeone stops to look at it.\nNothing else is asked."),
            "thorough": _Template(
                "{Topic} at first light,\nand the day not yet begun.\n\n{Topic} at noon:\neverybody has a "
                "view.\n\n{Topic} at night:\nwhat is left is what was true."
            ),
            "contrarian": _Template("Not {topic} again.\nSay the thing beside it once.\nThere: you saw it too."),
        },
        "letter": {
            "terse": _Template(
                "Subject: {topic}\n\nHello,\n\nlet us settle this by Friday. Tell me what you need from "
                "me.\n\nBest regards"
            ),
            "thorough": _Template(
                "Subject: {topic}\n\nHello,\n\nI am writing about this: {topic}. What matters to me is the "
                "result; how we get there is open.\n\nMy proposal: we each name the one point that must not be "
                "lost, and decide on the rest by Friday. If that does not suit you, tell me what would.\n\nBest regards"
            ),
            "contrarian": _Template(
                "Subject: {topic}: a call instead?\n\nHello,\n\nten minutes on the phone would settle this "
                "better than ten messages. When does it suit you?\n\nBest regards"
            ),
        },
        "should": {
            "terse": _Template("Yes, if it is easy to take back", "Nothing in the question speaks against it."),
            "thorough": _Template(
                "Yes, as a small trial first",
                "The question names nothing that speaks for or against it, so let these decide:",
                (
                    "Can it be taken back? Then trying costs little.",
                    "Who bears the cost if it goes wrong? Ask them first.",
                    "What happens if you do nothing? If that is fine too, wait.",
                ),
            ),
            "contrarian": _Template(
                "No, not yet",
                "Nobody has said what goes wrong without it, and doing nothing is the only choice that can "
                "always be changed.",
            ),
        },
        "empty": {
            "terse": _Template("There is nothing to read", "Send a question or a text."),
            "thorough": _Template(
                "There is nothing to read",
                "The message holds no words.",
                ("Send a question, a sum, a choice, or a text to summarise.",),
            ),
            "contrarian": _Template("Silence is an answer too", "If it was not meant, send a question."),
        },
        "other": {
            "terse": _Template("Noted: {topic}", "Ask me a question about it."),
            "thorough": _Template(
                "I read: {topic}",
                "There is no question in it that I can decide.",
                ("Ask for a summary, a choice, a yes or no, or a sum.",),
            ),
            "contrarian": _Template(
                "That may be so", "What would have to be true for the opposite of it to hold? {Topic} is one view."
            ),
        },
    }
)

_HINTS = MappingProxyType(
    {
        "simple": "It is to be simple: prefer what you already run.",
        "cheap": "Money matters here: count the upkeep, not only the price.",
        "fast": "Time matters here: cut scope before you cut checks.",
        "scale": "It is to grow: find out which part breaks first.",
        "safe": "Mistakes are costly here: plan the way back before the way there.",
        "flexible": "Things will change: keep the decision easy to undo.",
        "control": "It is to stay in your hands: check who else could switch it off.",
        "social": "Others are part of it: ask them before you decide.",
    }
)


def advise(question: str, bias: Bias) -> Draft:
    """Return what can honestly be said to `question` without any text."""
    kind = next((name for name, pattern in _KINDS if pattern.search(question[:400])), "other")
    if not words(question):
        kind = "empty"
    by_bias = _TEMPLATES[kind]
    template = by_bias.get(bias.name) or by_bias["thorough" if kind == "self" else "terse"]
    topic = topic_of(question)
    points = [*_hints(question), *template.points] if template.points else []
    return Draft(
        _fill(template.head, topic),
        _fill(template.reason, topic),
        tuple(_fill(point, topic) for point in points[: bias.most_sentences]),
        _fill(template.counter, topic),
        "" if kind in _WITHOUT_BASIS else _NO_TEXT,
    )


def topic_of(question: str) -> str:
    """Return what `question` is about, as a phrase without its question words; `this` if nothing is left."""
    line = question.split("\n", 1)[0]
    first = re.split(r"(?<=[?!])\s|(?<=\.)\s", line, maxsplit=1)[0]
    rest = _FILLER.sub("", _HEAD.sub("", first, count=1)).strip(" ?!.:,;\"'")
    return shorten(rest, _LONGEST_TOPIC) if words(rest) else "this"


def _hints(question: str) -> list[str]:
    traits = dict.fromkeys(trait for word in words(question[:2_000]) for trait in CUES.get(word, {}))
    return [_HINTS[trait] for trait in traits if trait in _HINTS][:2]


def _fill(template: str, topic: str) -> str:
    return template.replace("{topic}", topic).replace("{Topic}", capitalised(topic))
