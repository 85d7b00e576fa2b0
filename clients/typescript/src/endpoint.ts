import type { CreateOptions, StreamOptions } from "./configuration.js";
import { EventStream, type Collector } from "./stream.js";
import type { Transport } from "./transport.js";

/** A path that models answer, plain or as a stream. Its calls reject with an APIError or a ConnectionError. */
export class Endpoint<Request extends object, Result, Event> {
  /** @internal */
  constructor(
    private readonly transport: Transport,
    private readonly path: string,
    private readonly newCollector: () => Collector<Event, Result>,
  ) {}

  /** Ask and wait for the whole answer. */
  create(request: Request, options?: CreateOptions): Promise<Result> {
    return this.transport.request({ method: "POST", path: this.path, body: request, isIdempotent: true }, options);
  }

  /** Ask and read what comes as it comes. Nothing is sent before the stream is read. */
  stream(request: Request, options?: StreamOptions): EventStream<Event, Result> {
    const call = { method: "POST", path: this.path, body: { ...request, stream: true } } as const;
    return new EventStream(this.transport.stream(call, options), this.newCollector());
  }
}
