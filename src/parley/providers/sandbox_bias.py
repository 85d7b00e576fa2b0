"""How the sandbox models lean: the same evidence, weighed by tastes of their own, so that a panel can disagree."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Bias:
    """One model's taste.

    `wants`: what it likes in an option, besides what the question asks for. `late_weight`: how much more it hears what
    comes after a "but". `doubt`: how far it shifts towards no and negative. `takes_runner_up`: where two options are
    close, it argues for the second. `most_sentences`: how much it says.
    """

    name: str
    wants: tuple[tuple[str, float], ...] = ()
    late_weight: float = 1.5
    doubt: float = 0.0
    takes_runner_up: bool = False
    most_sentences: int = 3

    def want(self, trait: str) -> float:
        """Return how much the model likes `trait` by itself."""
        return next((weight for name, weight in self.wants if name == trait), 0.0)


EVEN = Bias("even")
TERSE = Bias("terse", (("simple", 1.0), ("cheap", 0.5), ("fast", 0.5)), late_weight=1.0, most_sentences=1)
THOROUGH = Bias(
    "thorough",
    (("safe", 1.0), ("scale", 1.0), ("depth", 1.0)),
    late_weight=2.0,
    doubt=0.25,
    most_sentences=5,
)
CONTRARIAN = Bias(
    "contrarian",
    (("scale", 0.5), ("control", 0.5), ("flexible", 0.25)),
    late_weight=1.0,
    doubt=0.75,
    takes_runner_up=True,
)
