"""Let three models choose."""

from parley_client import Parley

with Parley() as client:
    answer = client.roundtable.vote(
        input="Is a monolith the better start for a team of five?",
        choices=["yes", "no", "it depends"],
        models=["sandbox/terse", "sandbox/thorough", "sandbox/contrarian"],
    )

if answer.meta.vote is not None:
    for count in answer.meta.vote.tally:
        print(f"{count.choice}: {count.votes}")
print(f"winner: {answer.data}")
