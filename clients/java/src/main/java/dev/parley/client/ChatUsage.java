package dev.parley.client;

import com.fasterxml.jackson.annotation.JsonInclude;

/**
 * Tokens as OpenAI spells them, of all calls behind the answer. The details are parts of the counts, null where there
 * are none. {@code estimated}: the provider gave no count, and the server counted from the text.
 */
public record ChatUsage(
        long promptTokens, long completionTokens, long totalTokens, PromptDetails promptTokensDetails,
        CompletionDetails completionTokensDetails, @JsonInclude(JsonInclude.Include.NON_DEFAULT) boolean estimated) {
    /** Input that was read from the provider's cache, or written to it. */
    public record PromptDetails(Long cachedTokens, Long cacheWriteTokens) {}

    /** Output that was spent on reasoning. */
    public record CompletionDetails(Long reasoningTokens) {}
}
