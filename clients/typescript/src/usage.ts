// `/v1/usage`, `/v1/balance`: what was used. Money is a decimal string in US dollars, null where it is not known.
import type { CallOptions } from "./configuration.js";
import type { Optional } from "./json.js";
import { inPath, type Transport } from "./transport.js";

/** How a call ended. */
export type Outcome = "ok" | "failed" | "cancelled" | "abandoned" | "running";

/** Which events are meant. Times are RFC 3339, `until` is not included; `key_id` is for admin keys. */
export interface UsageFilter extends Optional<"since" | "until" | "model" | "key_id", string> {
  status?: Outcome | null;
}
/** The same, narrowed to a panel (`rt_…`, `cmp_…`) or request, and a page of it: `limit` is 1 to 200, usually 50. */
export interface UsageEventFilter extends UsageFilter, Optional<"panel_id" | "request_id", string> {
  limit?: number;
  offset?: number;
}

/** Tokens by kind. */
export type TokenCounts = Record<`${Kind}_tokens`, number>;
type Kind = "input" | "output" | "cache_read" | "cache_creation" | "reasoning";

/** Sums of requests and of events, an event being one model's part in a request. `cost_complete`: all prices are known. */
export interface UsageTotals extends Record<"requests" | "events", Record<Outcome | "total", number>> {
  tokens: TokenCounts;
  total_cost_usd: string;
  cost_complete: boolean;
  by_model: ({ model: string; events: number; cost_usd: string | null } & TokenCounts)[];
}

/** What a model used, in an event or in an attempt of it; `estimated` where the provider gave no count. */
interface Used extends Record<"time" | "model", string>, Record<"provider" | "cost" | "error_code", string | null> {
  usage: TokenCounts;
  estimated: boolean;
  latency_ms: number | null;
  outcome: Outcome;
}

/** One seat, consolidation or chat call; chat has no `panel_id`. */
export interface UsageEvent extends Used, Record<"id" | "key_id" | "key_name" | "request_id", string> {
  panel_id: string | null;
  role: "seat" | "consolidation" | "chat";
  seat_index: number | null;
  attempts: number;
  upstream_cost: string | null;
  cached: boolean;
}

/** A page of events, newest first. */
export type UsageEventPage = { events: UsageEvent[]; total: number; limit: number; offset: number };
/** Every upstream call behind one event. */
export type UsageAttempts = { event_id: string; attempts: UsageAttempt[] };
/** One upstream call; `model` is the provider's own name for it. */
export type UsageAttempt = { attempt: number; first_token_ms: number | null } & Used;
/** How full the windows of the calling key are, if it has limits. */
export type RateLimits = { key_id: string; windows: RateWindow[] };
/** One window; `share` is used by limit, and above 1 where the limit was lowered since. */
export type RateWindow = { name: string; window_seconds: number; share: number; reset_seconds: number } & Fill;
type Fill = Record<"limit" | "used" | "remaining", number>;
/** What the calling key has left and has spent. */
export type Balance = Record<`${Sum}_usd`, string | null>;
type Sum = "balance" | "reserved" | "available" | "spent" | "spent_month" | "spend_cap" | "spend_cap_month";

/** `client.usage`. Its calls reject with an APIError or a ConnectionError. */
export class UsageResource {
  constructor(private readonly transport: Transport) {}

  /** Sum up what was used. */
  totals(filter: UsageFilter = {}, options?: CallOptions): Promise<UsageTotals> {
    return this.transport.request({ method: "POST", path: "/v1/usage", body: filter }, options);
  }

  /** List what was used, newest first. */
  events(filter: UsageEventFilter = {}, options?: CallOptions): Promise<UsageEventPage> {
    return this.transport.request({ method: "POST", path: "/v1/usage/events", body: filter }, options);
  }

  /** List every upstream call behind one event. */
  attempts(eventId: string, options?: CallOptions): Promise<UsageAttempts> {
    return this.transport.request({ method: "GET", path: `/v1/usage/events/${inPath(eventId)}/attempts` }, options);
  }

  /** Tell how full the windows of the calling key are; asking is not counted. */
  rateLimits(options?: CallOptions): Promise<RateLimits> {
    return this.transport.request({ method: "GET", path: "/v1/usage/rate-limits" }, options);
  }

  /** Tell what the calling key may still spend; without a cap that is null. */
  balance(options?: CallOptions): Promise<Balance> {
    return this.transport.request({ method: "GET", path: "/v1/balance" }, options);
  }
}
