import { Configuration } from "../dist/esm/configuration.js";
import { RoundtableResource } from "../dist/esm/roundtable.js";
import { TemplatesResource } from "../dist/esm/templates.js";
import { Transport } from "../dist/esm/transport.js";
import type { FakeClock } from "./fake-clock.js";

/** One answer: what fetch resolves with, or an error that it rejects with. */
export type Act = Response | Error;

/** A `fetch` that answers with one act after the other and keeps what it was asked. */
export class ScriptedFetch {
  readonly requests: { url: string; init: RequestInit; headers: Headers }[] = [];

  constructor(private readonly acts: Act[]) {}

  readonly fetch: typeof globalThis.fetch = async (input, init = {}) => {
    this.requests.push({ url: String(input), init, headers: new Headers(init.headers) });
    const act = this.acts.shift();
    if (act === undefined) throw new Error("The script is over.");
    if (act instanceof Error) throw act;
    return act;
  };

  transport(clock: FakeClock): Transport {
    return new Transport(new Configuration({ url: "http://parley.test", apiKey: null, fetch: this.fetch }), clock);
  }

  roundtable(clock: FakeClock): RoundtableResource {
    return new RoundtableResource(this.transport(clock));
  }

  templates(clock: FakeClock): TemplatesResource {
    return new TemplatesResource(this.transport(clock));
  }
}

export function json(status: number, body: unknown, headers: Record<string, string> = {}): Response {
  return new Response(JSON.stringify(body), { status, headers: { "Content-Type": "application/json", ...headers } });
}

export function problem(status: number, code: string, headers: Record<string, string> = {}): Response {
  return json(status, { error: { code, message: `It says ${code}.`, param: null }, request_id: "req_1" }, headers);
}

/** An answer in pieces, after which the connection ends. */
export function pieces(...chunks: Uint8Array[]): Response {
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(chunk);
      controller.close();
    },
  });
  return new Response(body, { headers: { "Content-Type": "text/event-stream", "X-Request-Id": "req_stream" } });
}

/** What fetch says when there is no connection. */
export function refused(): Error {
  const cause = Object.assign(new Error("connect ECONNREFUSED"), { code: "ECONNREFUSED" });
  return new TypeError("fetch failed", { cause });
}
