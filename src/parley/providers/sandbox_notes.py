"""A few dozen general facts, so that sandbox models have something to read when a question brings no text.

Sentences as data, written for this project and true without a date. They are found by their words like any other text.
"""

from parley.providers.sandbox_words import coverage, key_stems

NOTES = (
    "The capital of France is Paris.",
    "The capital of Germany is Berlin.",
    "The capital of Italy is Rome.",
    "The capital of Spain is Madrid.",
    "The capital of Portugal is Lisbon.",
    "The capital of Austria is Vienna.",
    "The capital of Switzerland is Bern.",
    "The capital of Poland is Warsaw.",
    "The capital of Greece is Athens.",
    "The capital of the United Kingdom is London.",
    "The capital of Ireland is Dublin.",
    "The capital of Norway is Oslo.",
    "The capital of Sweden is Stockholm.",
    "The capital of Finland is Helsinki.",
    "The capital of Denmark is Copenhagen.",
    "The capital of Japan is Tokyo.",
    "The capital of China is Beijing.",
    "The capital of India is New Delhi.",
    "The capital of Australia is Canberra, not Sydney.",
    "The capital of Canada is Ottawa, not Toronto.",
    "The capital of the United States is Washington, D.C.",
    "The capital of Brazil is Brasília.",
    "The capital of Egypt is Cairo.",
    "The capital of Kenya is Nairobi.",
    "The largest planet of the solar system is Jupiter.",
    "The smallest planet of the solar system is Mercury.",
    "The planet closest to the Sun is Mercury.",
    "The red planet is Mars.",
    "The Earth goes around the Sun once a year.",
    "The Moon goes around the Earth in about a month.",
    "The sky is blue because air scatters blue light more than red light.",
    "Water boils at a temperature of 100 degrees Celsius at sea level.",
    "Water freezes at a temperature of 0 degrees Celsius.",
    "Ice floats because it is less dense than liquid water.",
    "The chemical symbol of gold is Au.",
    "The chemical symbol of iron is Fe.",
    "The chemical formula of water is H2O.",
    "Light travels about 300,000 kilometres in a second.",
    "Plants use sunlight to make sugar from water and carbon dioxide; this is called photosynthesis.",
    "The highest mountain above sea level is Mount Everest.",
    "The largest ocean is the Pacific Ocean.",
    "Spiders have eight legs.",
    "Insects have six legs.",
    "A week has seven days.",
    "A leap year has 366 days.",
    "A triangle has three sides, and its angles add up to 180 degrees.",
    "The number pi is about 3.14159.",
    "The smallest prime number is 2.",
    "William Shakespeare wrote Hamlet.",
    "Leonardo da Vinci painted the Mona Lisa.",
    "Charles Darwin described evolution by natural selection.",
    "HTTP status 404 means that the resource was not found.",
    "HTTP status 429 means that too many requests were sent.",
    "HTTP status 503 means that the service is unavailable for now.",
    "A hash function turns data of any size into a value of fixed size.",
    "Recursion is when a function calls itself on a smaller part of its problem.",
    "An API is the set of calls through which one program uses another.",
    "A deadlock is when two parties wait for each other and neither can go on.",
    "Parley asks several language models the same thing at once and brings their answers back together.",
    "A panel is the models asked in one Parley request, and each place in it is a seat.",
    "Sandbox models are small deterministic programs that come with Parley; they need no key and no network.",
)

_STEMS = tuple(key_stems(note) for note in NOTES)
_LEAST_COVERAGE = 0.75


def find_notes(question: str) -> tuple[str, ...]:
    """Return the facts that `question` asks about, best first, at most two; most questions have none."""
    wanted = key_stems(question)
    if not wanted:
        return ()
    ranked = sorted(((coverage(wanted, found), -place) for place, found in enumerate(_STEMS)), reverse=True)
    best = ranked[0][0]
    return tuple(NOTES[-place] for share, place in ranked[:2] if share >= _LEAST_COVERAGE and share == best)
