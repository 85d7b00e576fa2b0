package dev.parley.client;

import java.util.List;

/**
 * A message of a conversation. {@code content} is text, or a list of maps: parts such as text and images, as OpenAI has
 * them.
 */
public record Message(String role, Object content, String toolCallId, List<ChatCompletion.ToolCall> toolCalls) {
    /** Returns what all answers are to follow. */
    public static Message system(String text) { return new Message("system", text, null, null); }

    /** Returns what the user says: text, or a list of parts. */
    public static Message user(Object content) { return new Message("user", content, null, null); }

    /** Returns what a model said before. */
    public static Message assistant(String text) { return new Message("assistant", text, null, null); }

    /** Returns what a model said before, its tool calls included. */
    public static Message assistant(ChatCompletion.Message said) {
        return new Message("assistant", said.content(), null, said.toolCalls());
    }

    /** Returns what a tool answered to a call. */
    public static Message tool(String toolCallId, String text) { return new Message("tool", text, toolCallId, null); }
}
