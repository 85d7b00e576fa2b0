package dev.parley.client;

/** One model at a time, as OpenAI's API has it: {@code client.chat().completions()}. */
public final class ChatResource {
    private final Transport transport;

    ChatResource(Transport transport) { this.transport = transport; }

    /** Returns the calls of chat completions. */
    public Completions completions() { return new Completions(transport); }

    /** Chat completions. */
    public static final class Completions {
        private static final String PATH = "/v1/chat/completions";

        private final Transport transport;

        private Completions(Transport transport) { this.transport = transport; }

        /** Asks, and waits for the whole answer. */
        public ChatCompletion create(ChatRequest request) {
            return transport.call(Call.ask(PATH, request.fields()), ChatCompletion.class);
        }

        /** Asks, and returns the answer as it comes; the caller closes it. */
        public ChatStream stream(ChatRequest request) {
            return new ChatStream(transport.open(Call.stream(PATH, request.fields())));
        }
    }
}
