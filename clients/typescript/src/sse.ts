/** One event of a stream: its name, empty if it has none, and its data, several lines joined. */
export type SseMessage = { readonly event: string; readonly data: string };

/** Decodes `text/event-stream`, cut anywhere; lines end in LF or CRLF. Source: the HTML standard, section 9.2.6. */
export class SseDecoder {
  readonly #utf8 = new TextDecoder();
  // The line that has not ended yet, in pieces: joined only once, so that a long line costs no more than it is long.
  #pieces: string[] = [];
  #event = "";
  #data: string[] = [];

  /** Return the messages that `bytes` complete. */
  push(bytes: Uint8Array): SseMessage[] {
    const lines = this.#utf8.decode(bytes, { stream: true }).split("\n");
    const rest = lines.pop() ?? "";
    const messages = lines.map((line) => this.#take(line)).filter((message) => message !== undefined);
    if (rest) this.#pieces.push(rest);
    return messages;
  }

  /** Return what was under way when the bytes ended. */
  end(): SseMessage | undefined {
    return this.#take("") ?? this.#take("");
  }

  #take(piece: string): SseMessage | undefined {
    const line = (this.#pieces.join("") + piece).replace(/\r$/, "");
    this.#pieces = [];
    if (line === "") return this.#dispatch();
    const [, name, value] = /^([^:]*):? ?([^]*)$/.exec(line)!;
    if (name === "data") this.#data.push(value!);
    else if (name === "event") this.#event = value!;
    return undefined;
  }

  #dispatch(): SseMessage | undefined {
    const message = this.#data.length ? { event: this.#event, data: this.#data.join("\n") } : undefined;
    this.#event = "";
    this.#data = [];
    return message;
  }
}
