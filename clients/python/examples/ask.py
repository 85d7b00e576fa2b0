"""Ask three models and print what they agree on."""

from parley_client import Parley

with Parley() as client:
    answer = client.roundtable.create(
        input="Should a small team start with a monolith?",
        models=["sandbox/terse", "sandbox/thorough", "sandbox/contrarian"],
    )

for seat in answer.model_results:
    print(f"{seat.model}: {seat.error if seat.data is None else seat.data}")
print(f"summary: {answer.data}")
print(f"cost: {answer.meta.total_cost} USD")
