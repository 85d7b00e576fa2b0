package dev.parley.client;

import java.util.List;

/**
 * What a model said: text, a refusal in its own words, or tools to call; {@code reasoningContent} where the provider
 * shows it.
 */
public record ChatMessage(
        String role, String content, String refusal, String reasoningContent, List<ToolCall> toolCalls) {}
