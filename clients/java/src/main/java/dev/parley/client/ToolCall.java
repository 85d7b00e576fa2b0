package dev.parley.client;

/**
 * A tool that a model calls. In a chunk {@code index} says which call it is a piece of; it is null in a whole answer.
 */
public record ToolCall(Integer index, String id, String type, Function function) {
    /** What is called; {@code arguments} is JSON text. */
    public record Function(String name, String arguments) {
        /** Makes empty text of absent arguments. */
        public Function { arguments = arguments == null ? "" : arguments; }
    }

    /** Makes an empty piece of an absent one. */
    public ToolCall { function = function == null ? new Function(null, null) : function; }

    ToolCall withoutIndex() { return new ToolCall(null, id, type, function); }

    /** Returns this call with its next piece; id and name come with the first. */
    ToolCall plus(ToolCall piece) {
        var arguments = function.arguments() + piece.function().arguments();
        return new ToolCall(index, id, type, new Function(function.name(), arguments));
    }
}
