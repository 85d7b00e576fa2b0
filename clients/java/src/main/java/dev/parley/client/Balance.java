package dev.parley.client;

import java.math.BigDecimal;

/** What the calling key has left of its caps, in US dollars; the first three are null for a key without a cap. */
public record Balance(
        @Money BigDecimal balanceUsd, @Money BigDecimal reservedUsd, @Money BigDecimal availableUsd,
        @Money BigDecimal spentUsd, @Money BigDecimal spentMonthUsd, @Money BigDecimal spendCapUsd,
        @Money BigDecimal spendCapMonthUsd) {}
