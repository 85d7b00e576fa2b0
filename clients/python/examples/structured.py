"""Ask for a value of a type; the schema is pydantic's."""

from typing import Literal

from pydantic import BaseModel

from parley_client import Parley


class Verdict(BaseModel, extra="forbid"):
    """What is asked for."""

    verdict: Literal["yes", "no"]
    confidence: float


with Parley() as client:
    answer = client.roundtable.parse(
        input="Is a monolith the better start? Say how sure you are.",
        models=["sandbox/terse", "sandbox/thorough", "sandbox/contrarian"],
        output_type=Verdict,
    )

print(f"verdict: {answer.parsed.verdict}")
print(f"confidence: {answer.parsed.confidence}")
