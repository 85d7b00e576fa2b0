"""Put three answers side by side, with an evaluation."""

import sys

from parley_client import APIError, Parley

with Parley() as client:
    try:
        comparison = client.compare.create(
            models=["sandbox/terse", "sandbox/thorough", "sandbox/contrarian"],
            messages=[{"role": "user", "content": "Should a small team start with a monolith?"}],
        )
    except APIError as error:
        sys.exit(f"{error.code} in request {error.request_id}: {error.message}")

for result in comparison.results:
    print(f"{result.model}: {result.error if result.content is None else result.content}")
print(comparison.comparison)
