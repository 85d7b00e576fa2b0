"""Tokens and money. Money is Decimal US dollars everywhere inside; it becomes a JSON number or string at the edge."""

from decimal import ROUND_HALF_EVEN, Decimal

from parley.domain.quick import dataclass

_MILLION = Decimal(1_000_000)
_MOST_TOKENS = 1_000_000_000
_MOST_USD = 100_000
"""No call comes near either: the longest contexts are some millions of tokens, at some dollars a million."""
_PICODOLLAR = Decimal("1e-12")


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of one call, or of several added up.

    `input_tokens` is all input, cached input included; `cache_read_tokens` and `cache_creation_tokens` are parts of it.
    `output_tokens` is all billable output, `reasoning_tokens` a part of it. `is_estimate`: counted by us from the text.
    `upstream_cost_usd` is what the provider itself says it cost: kept beside our own price, never instead of it.
    """

    input_tokens: int = 0
    output_tokens: int = 0
    cache_read_tokens: int = 0
    cache_creation_tokens: int = 0
    reasoning_tokens: int = 0
    is_estimate: bool = False
    upstream_cost_usd: Decimal | None = None

    @property
    def total_tokens(self) -> int:
        return self.input_tokens + self.output_tokens

    @property
    def is_believable(self) -> bool:
        """Whether a model can have used this: absurd counts would spoil a key's spend, and no number holds them all."""
        return (
            self.input_tokens <= _MOST_TOKENS
            and self.output_tokens <= _MOST_TOKENS
            and self.cache_read_tokens <= _MOST_TOKENS
            and self.cache_creation_tokens <= _MOST_TOKENS
            and self.reasoning_tokens <= _MOST_TOKENS
            and (self.upstream_cost_usd is None or self.upstream_cost_usd <= _MOST_USD)
        )

    def __add__(self, other: "Usage") -> "Usage":
        costs = [cost for cost in (self.upstream_cost_usd, other.upstream_cost_usd) if cost is not None]
        return Usage(
            self.input_tokens + other.input_tokens,
            self.output_tokens + other.output_tokens,
            self.cache_read_tokens + other.cache_read_tokens,
            self.cache_creation_tokens + other.cache_creation_tokens,
            self.reasoning_tokens + other.reasoning_tokens,
            self.is_estimate or other.is_estimate,
            sum(costs, Decimal(0)) if costs else None,
        )


@dataclass(frozen=True, slots=True)
class Rates:
    """US dollars for a million tokens. Cache rates that are None are billed as plain input."""

    input: Decimal
    output: Decimal
    cache_read: Decimal | None = None
    cache_creation: Decimal | None = None


@dataclass(frozen=True, slots=True)
class PriceTier:
    """Rates that hold for the whole call once its input passes `above_input_tokens`."""

    above_input_tokens: int
    rates: Rates


@dataclass(frozen=True, slots=True)
class Price:
    """What a model costs: base rates and, where a provider has them, long-context tiers in rising order."""

    rates: Rates
    tiers: tuple[PriceTier, ...] = ()

    @property
    def is_free(self) -> bool:
        return not self.tiers and self.rates.input == 0 and self.rates.output == 0

    def cost_usd(self, usage: Usage) -> Decimal:
        """Return the cost of `usage`, never below 0, in whole picodollars.

        The books keep no less: with more digits, the events of a request would not add up to the cost in its answer.
        """
        rates = self._rates_for(usage.input_tokens)
        plain = max(usage.input_tokens - usage.cache_read_tokens - usage.cache_creation_tokens, 0)
        read_rate = rates.input if rates.cache_read is None else rates.cache_read
        creation_rate = rates.input if rates.cache_creation is None else rates.cache_creation
        total = (
            plain * rates.input
            + usage.cache_read_tokens * read_rate
            + usage.cache_creation_tokens * creation_rate
            + usage.output_tokens * rates.output
        )
        exact = total / _MILLION
        rounded = exact.quantize(_PICODOLLAR, ROUND_HALF_EVEN)
        return exact if exact == rounded else rounded.normalize()

    def _rates_for(self, input_tokens: int) -> Rates:
        rates = self.rates
        for tier in self.tiers:
            if input_tokens > tier.above_input_tokens:
                rates = tier.rates
        return rates


def estimate_tokens(text: str) -> int:
    """Return about how many tokens `text` is: four bytes of UTF-8 to a token, at least 1 unless empty.

    Source of the figure: OpenAI's rule of thumb of four characters of English to a token.
    """
    size_bytes = len(text.encode("utf-8", "surrogatepass"))
    return -(-size_bytes // 4)
