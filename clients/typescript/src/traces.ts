import type { CallOptions } from "./configuration.js";
import type { JsonValue } from "./json.js";
import { inPath, type Transport } from "./transport.js";

/** Which traces are listed: `limit` is 1 to 100, usually 20; `name` is a part of the trace's. */
export type TraceFilter = { limit?: number | null; offset?: number | null; name?: string | null };

interface Timed extends Record<"id" | "name" | "status" | "start_time" | "end_time", string> {
  duration_ms: number;
}

/** One trace, with its spans: the request, its seats and their attempts, the consolidation. */
export type Trace = TraceSummary & { spans: Span[] };
/** A page of traces, newest first; their ids are the `trace_uuid` of answers. Times are RFC 3339 in UTC. */
export type TracePage = { traces: TraceSummary[]; limit: number; offset: number; has_more: boolean };
/** A trace in a list. */
export type TraceSummary = Timed & { span_count: number };

/** One step. `attributes` have OpenTelemetry's GenAI names, and Parley's own behind `parley.`. */
export interface Span extends Timed {
  parent_id: string | null;
  request_id: string;
  kind: string;
  attributes: Record<string, JsonValue>;
}

/** `client.traces`. Its calls reject with an APIError or a ConnectionError. */
export class TracesResource {
  constructor(private readonly transport: Transport) {}

  /** List traces of the calling key, or of all keys for an admin key. */
  list(filter: TraceFilter = {}, options?: CallOptions): Promise<TracePage> {
    return this.transport.request({ method: "GET", path: "/v3/traces", query: filter }, options);
  }

  get(id: string, options?: CallOptions): Promise<Trace> {
    return this.transport.request({ method: "GET", path: `/v3/traces/${inPath(id)}` }, options);
  }

  delete(id: string, options?: CallOptions): Promise<void> {
    return this.transport.request({ method: "DELETE", path: `/v3/traces/${inPath(id)}` }, options);
  }
}
