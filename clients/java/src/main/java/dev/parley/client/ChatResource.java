package dev.parley.client;

/** One model at a time, as OpenAI's API has it: {@code client.chat().completions()}. */
public final class ChatResource {
    private static final String PATH = "/v1/chat/completions";
    private final Transport transport;

    ChatResource(Transport transport) { this.transport = transport; }

    /** Returns the calls of chat completions. */
    public Completions completions() { return new Completions(); }

    /** Chat completions. */
    public final class Completions {
        private Completions() {}

        /** Asks, and waits for the whole answer. */
        public ChatCompletion create(ChatRequest request) {
            return transport.call(Call.ask(PATH, request), ChatCompletion.class);
        }

        /** Asks, and returns the answer as it comes; the caller closes it. */
        public ChatStream stream(ChatRequest request) { return new ChatStream(transport, Call.stream(PATH, request)); }
    }
}
