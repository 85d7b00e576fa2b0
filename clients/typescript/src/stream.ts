/// <reference lib="esnext.disposable" preserve="true" />
import type { Connection } from "./connection.js";
import { ConnectionError, StreamError } from "./errors.js";
import { isObject, parseJson, type JsonObject } from "./json.js";
import { readProblem } from "./reply.js";
import { SseDecoder } from "./sse.js";

/** A piece of streamed text. */
export interface TextDelta {
  /** The seat that it is of; null for the consolidation, for a comparison and for chat. */
  index: number | null;
  model: string;
  text: string;
  /** Whether it is of the consolidation or the evaluation, not of one model's own answer. */
  isSummary: boolean;
}

/** What one contract makes of the events of its stream. */
export interface Collector<Event, Result> {
  /** Note an event and return it; undefined for a kind that this library does not know. */
  take(data: JsonObject, kind: string): Event | undefined;
  text(event: Event): TextDelta | undefined;
  /** The whole result, undefined while something is missing. */
  result(): Result | undefined;
}

// Node 18 and older browsers lack the symbol; what compiles `await using` for them looks for this one.
const asyncDispose: typeof Symbol.asyncDispose = Symbol.asyncDispose ?? Symbol.for("Symbol.asyncDispose");

/**
 * The events of a stream, for one `for await`. The request is sent at the first event that is asked for, and never twice.
 * Leaving the loop in any way closes the connection, and the server stops its upstream calls; so do `close()`, `await
 * using` and the call's AbortSignal. Reading raises a StreamError where the server ends the stream with an error, an
 * APIError where it does not begin it, and a ConnectionError where the connection ends before the stream does.
 */
export class EventStream<Event, Result> implements AsyncIterable<Event> {
  readonly #events = this.#read();
  #state: "open" | "whole" | "closed" = "open";
  #failure: { readonly error: unknown } | undefined;

  /** @internal */
  constructor(
    private readonly connection: Connection,
    private readonly collector: Collector<Event, Result>,
  ) {}

  /** The id under which the server's log has this request, once the stream has begun. */
  get requestId(): string | null {
    return this.connection.requestId;
  }

  [Symbol.asyncIterator](): AsyncIterator<Event, void, void> {
    const leave = () => this.close().then(() => ({ done: true, value: undefined }) as const);
    return { next: () => this.#events.next(), return: leave };
  }

  /** Read the text alone, of all models as it comes. */
  async *textDeltas(): AsyncGenerator<TextDelta, void, void> {
    for await (const event of this) {
      const delta = this.collector.text(event);
      if (delta) yield delta;
    }
  }

  /** Read to the end and return the whole result, as the plain call would. A ConnectionError if the loop was left. */
  async final(): Promise<Result> {
    while (!(await this.#events.next()).done);
    if (this.#failure) throw this.#failure.error;
    const result = this.#state === "whole" ? this.collector.result() : undefined;
    if (result !== undefined) return result;
    throw new ConnectionError("The stream was left, or ended, before it had told the whole result.");
  }

  /** Close the connection; events that are still waited for do not come. */
  async close(): Promise<void> {
    if (this.#state === "open") this.#state = "closed";
    this.connection.close();
    await this.#events.return();
  }

  [asyncDispose](): Promise<void> {
    return this.close();
  }

  async *#read(): AsyncGenerator<Event, void, void> {
    try {
      for await (const { event: name, data: text } of this.#messages()) {
        if (text === "[DONE]") {
          this.#state = "whole";
          return;
        }
        const event = this.#take(text, name);
        if (event !== undefined) yield event;
      }
      throw new ConnectionError("The connection ended before the stream did.");
    } catch (error) {
      if (this.#state === "closed") return;
      this.#failure = { error };
      throw error;
    }
  }

  async *#messages() {
    const decoder = new SseDecoder();
    for await (const bytes of this.connection.chunks()) yield* decoder.push(bytes);
    const last = decoder.end();
    if (last?.data === "[DONE]") yield last;
  }

  #take(text: string, name: string): Event | undefined {
    const data = parseJson(text);
    if (data === undefined) throw new ConnectionError("The stream holds an event that is not JSON.");
    if (!isObject(data)) return undefined;
    // Chat's events have no kind, and its error no more than its field.
    const kind = String(data["type"] ?? data["event"] ?? (name || (data["error"] ? "error" : "")));
    if (kind !== "error") return this.collector.take(data, kind);
    const message = "The server ended the stream with an error and did not say why.";
    throw new StreamError(readProblem(data, { message, requestId: this.requestId }));
  }
}
