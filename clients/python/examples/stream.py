"""Print the text of each model as it comes, then the cost of it all."""

from parley_client import Parley

with (
    Parley() as client,
    client.roundtable.stream(
        input="Should a small team start with a monolith?",
        models=["sandbox/terse", "sandbox/thorough", "sandbox/contrarian"],
    ) as stream,
):
    for delta in stream.text_deltas():
        print(f"{'summary' if delta.is_summary else delta.model}: {delta.text}")
    answer = stream.final()

print(f"cost: {answer.meta.total_cost} USD")
