// `POST /v1/chat/compare`, in the contract's names. Costs are numbers in US dollars, absent where a price is not known.
import type { ChatCompletion, ChatMessage, ChatUsage, Templated } from "./chat.js";
import type { Endpoint } from "./endpoint.js";
import type { JsonObject, Optional } from "./json.js";
import type { Collector, EventStream, TextDelta } from "./stream.js";

/**
 * One conversation for 1 to 10 models; one that stands twice is asked once. `temperature` (0 to 2) and `max_tokens` are
 * for every model, `model_overrides` for one alone. `comparison_model` writes the evaluation; else the server's default,
 * or the first model that answered. `skip_comparison`: the answers alone.
 */
export interface CompareRequest extends Templated, ForModel {
  models: readonly string[];
  messages?: readonly ChatMessage[] | null;
  model_overrides?: readonly ModelOverride[] | null;
  comparison_model?: string | null;
  comparison_instructions?: string | null;
  skip_comparison?: boolean | null;
}

/** What holds for one model; `system_prompt` replaces the conversation's own. */
export type ModelOverride = { model: string; system_prompt?: string | null } & ForModel;
type ForModel = Optional<"temperature" | "max_tokens", number>;

/** The end of a comparison. `partial`: a model failed. `error_code`, of streams: why the evaluation broke off. */
interface Ending extends Optional<"comparison_model" | "error_code", string> {
  comparison_id: string;
  comparison_fallback_used: boolean;
  total_latency_ms: number;
  partial: boolean;
  skip_comparison: boolean;
  total_cost?: number | null;
}

/**
 * The answers side by side, in the order of `models`, and `comparison`, the evaluation: null where it was not wanted, had
 * fewer than two answers, or failed. `created`, in seconds since 1970, and `trace_uuid`, which is for `client.traces`,
 * are absent from the `final()` of a stream.
 */
export interface Comparison extends Ending {
  object: "compare.completion";
  created?: number | null;
  models: string[];
  results: ComparedAnswer[];
  comparison: string | null;
  comparison_usage: ChatUsage | null;
  trace_uuid?: string | null;
}

type Text = "content" | "error" | "error_code" | "request_id" | "finish_reason";

/**
 * What one model said, `content`, or why it could not: `error`, a sentence, and `error_code`, such as `timeout`.
 * `response_body` is the answer whole, but absent from streams with `skip_comparison`.
 */
export interface ComparedAnswer extends Optional<Text, string> {
  model: string;
  response_body?: ChatCompletion | null;
  latency_ms: number;
  usage?: ChatUsage | null;
  cost?: number | null;
  warnings?: string[] | null;
}

/**
 * An event of a stream, told apart by `event`. With `skip_comparison` the models' own text comes (`model_chunk`, and
 * `model_stream_done` as each ends or fails), else whole answers (`model_result`), then the text of the evaluation.
 */
export type CompareEvent =
  | { event: "comparison_start"; comparison_id: string; models: string[]; skip_comparison: boolean }
  | { event: "model_chunk"; model: string; delta: string }
  | ({ event: "model_stream_done" } & ComparedAnswer)
  | ({ event: "model_result" } & ComparedAnswer)
  | { event: "comparison_chunk"; comparison_model: string; delta: string }
  | ({ event: "done"; usage?: ChatUsage | null } & Ending);

/** A comparison as it happens. */
export type CompareStream = EventStream<CompareEvent, Comparison>;
/** `client.compare`. */
export type CompareResource = Endpoint<CompareRequest, Comparison, CompareEvent>;

const KINDS = /^(comparison_start|model_chunk|model_stream_done|model_result|comparison_chunk|done)$/;

/** Puts a comparison together from its events. */
export class CompareCollector implements Collector<CompareEvent, Comparison> {
  #models: string[] = [];
  readonly #answers = new Map<string, ComparedAnswer>();
  #evaluation = "";
  #done: Extract<CompareEvent, { event: "done" }> | undefined;

  take(data: JsonObject, kind: string): CompareEvent | undefined {
    if (!KINDS.test(kind)) return undefined;
    const event = { ...data, event: kind } as unknown as CompareEvent;
    if (event.event === "comparison_start") this.#models = event.models;
    else if (event.event === "comparison_chunk") this.#evaluation += event.delta;
    else if (event.event === "done") this.#done = event;
    else if (event.event !== "model_chunk") {
      const { event: _, ...answer } = event;
      this.#answers.set(event.model, answer);
    }
    return event;
  }

  text(event: CompareEvent): TextDelta | undefined {
    if (event.event === "model_chunk") return { index: null, model: event.model, text: event.delta, isSummary: false };
    if (event.event !== "comparison_chunk") return undefined;
    return { index: null, model: event.comparison_model, text: event.delta, isSummary: true };
  }

  result(): Comparison | undefined {
    if (!this.#done) return undefined;
    const { event: _, usage, ...ending } = this.#done;
    return {
      ...ending,
      object: "compare.completion",
      models: this.#models,
      results: this.#models.flatMap((model) => this.#answers.get(model) ?? []),
      comparison: this.#evaluation || null,
      comparison_model: ending.comparison_model ?? null,
      comparison_usage: usage ?? null,
    };
  }
}
