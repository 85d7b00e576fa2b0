package dev.parley.client;

import com.fasterxml.jackson.annotation.JsonInclude;

/**
 * Tokens, retries included. Cache and reasoning tokens are parts of input and output, null where there are none.
 * {@code estimated}: the provider gave no count, and the server counted from the text.
 */
public record Usage(
        long inputTokens, long outputTokens, Long cacheReadTokens, Long cacheCreationTokens, Long reasoningTokens,
        @JsonInclude(JsonInclude.Include.NON_DEFAULT) boolean estimated) {}
