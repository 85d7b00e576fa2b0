// `POST /v3/roundtable`, in the contract's names. Costs are numbers in US dollars, absent where a price is not known.
import type { CreateOptions, StreamOptions } from "./configuration.js";
import { Endpoint } from "./endpoint.js";
import { OutputError } from "./errors.js";
import type { JsonObject, JsonValue, Optional } from "./json.js";
import { describeIssues, jsonSchemaOf } from "./standard-schema.js";
import type { JsonSchema, JsonSchemaSource, OutputOf, StandardSchema } from "./standard-schema.js";
import type { Collector, EventStream, TextDelta } from "./stream.js";
import type { Transport } from "./transport.js";

/** One model's place in a panel, with what holds for it alone: `temperature` is 0 to 2, `top_p` 0 to 1. */
export interface Seat extends Optional<"temperature" | "max_tokens" | "top_p", number> {
  name: string;
  reasoning?: "low" | "medium" | "high" | "max" | null;
}

/**
 * A question, `input`, which 1 to 32 seats get as it stands; a name alone is a seat without settings. `instructions` are
 * the system prompt of all calls. `summary_model` consolidates or breaks a tie; else the server's default, or the first
 * seat's model. Each seat has `max_retries` (0 to 3; 1) and `timeout_ms` (1 to 300,000; 120,000), retries included.
 */
interface Panel extends Optional<"instructions" | "summary_model", string> {
  input: string;
  models: readonly (string | Seat)[];
  max_retries?: number | null;
  timeout_ms?: number | null;
}

/** What is to become of the answers: merged (`summary`, the default), handed back as they are (`fast`), or counted. */
export type Resolution = "summary" | "fast" | "multiple_choice";

/** A question to a panel. Not together: `choices`, for `multiple_choice` alone, and `output_schema`, for all answers. */
export interface RoundtableRequest extends Panel {
  resolution?: Resolution | null;
  choices?: readonly string[] | null;
  output_schema?: JsonSchema | null;
}

/** A question of which the answers are text. */
export type TextRequest = RoundtableRequest & { output_schema?: null };
/** A question of which the answers are counted; 2 to 100 distinct choices. */
export type VoteRequest<Choice extends string = string> = Panel & { choices: readonly Choice[] };

/**
 * A question of which the merged answer is parsed by `output`, a schema of any library that speaks Standard Schema. The
 * JSON Schema to send is `output_schema`, or made by it, or else what `output` itself says of its input.
 */
export interface ParseRequest<Schema extends StandardSchema> extends Panel {
  output: Schema;
  output_schema?: JsonSchemaSource<Schema>;
}

/** What came of the answers: `data` is the merged one or the winner, null with `fast` or `meta.summary_error`. */
export interface RoundtableResult<Data = JsonValue> {
  id: string;
  data: Data | null;
  meta: RoundtableMeta;
  model_results: ModelAnswer<Data>[];
}

/** The answers of a vote and their count. */
export type VoteResult<Choice extends string> = RoundtableResult<Choice> & { meta: { vote: Vote<Choice> } };
/** A merged answer in the type that was asked for; `raw` is what came: who said what, and what it cost. */
export type ParsedResult<Output> = { parsed: Output; raw: RoundtableResult };

/**
 * How the answers came together. `partial`: a seat failed, or answered against the schema. `total_cost` is all there is
 * if `cost_complete`. `summary_error`: there is no consolidation, or a part of it. `trace_uuid` is for `client.traces`.
 */
export interface RoundtableMeta extends Record<"cost_complete" | "partial" | "summary_fallback_used", boolean> {
  resolution: Resolution;
  models_used: string[];
  total_cost: number;
  total_duration_ms: number;
  trace_uuid: string;
  summary_model?: string | null;
  summary_usage?: TokenUsage | null;
  summary_error?: { code: string; message: string } | null;
  summary_truncated?: boolean | null;
  vote?: Vote | null;
}

/** The count of a vote: `seats` are indices, `share` is the winner's of the valid votes. */
export interface Vote<Choice extends string = string> {
  tally: { choice: Choice; votes: number; seats: number[] }[];
  tie: boolean;
  tie_break?: "judge" | "seat_order" | null;
  share: number;
}

/** Tokens; `estimated` where the provider gave no count. */
export interface TokenUsage extends Optional<`${"cache_read" | "cache_creation" | "reasoning"}_tokens`, number> {
  input_tokens: number;
  output_tokens: number;
  estimated?: boolean | null;
}

type Failed = Optional<"error_code" | "partial_text", string>;
interface Report<Data> extends Optional<"finish_reason" | "schema_error" | "error_code", string> {
  model: string;
  data?: Data | null;
  usage?: TokenUsage | null;
  cost?: number | null;
  schema_valid?: boolean | null;
}

/**
 * What seat number `index` said, `data`, or why it could not: `error`, a sentence, and `error_code`, such as `timeout`.
 * An answer against the schema has `schema_valid` false and its raw text as `data`. `attempts` counts the calls.
 */
export interface ModelAnswer<Data = JsonValue> extends Report<Data> {
  index: number;
  data: Data | null;
  duration_ms: number;
  error?: string | null;
  attempts: number;
  warnings?: string[] | null;
}

/**
 * An event of a stream, told apart by `type`; `model_index` is the seat, for a model may sit twice. Text comes as
 * `model_delta` and `summary_delta`, except for votes and with a schema. A seat that fails ends nothing; `partial_text`
 * is what had come of it. `done` is the whole answer.
 */
export type RoundtableEvent<Data = JsonValue> =
  | { type: "start"; id: string; models: string[] }
  | { type: "model_delta"; model_index: number; model: string; delta: string }
  | ({ type: "model_done"; model_index: number; duration_ms?: number | null } & Report<Data>)
  | ({ type: "model_error"; model_index: number; model: string; error: string } & Failed)
  | { type: "summary_delta"; model: string; delta: string }
  | ({ type: "done" } & RoundtableResult<Data>);

/** A roundtable as it happens. */
export type RoundtableStream<Data = JsonValue> = EventStream<RoundtableEvent<Data>, RoundtableResult<Data>>;

/** `client.roundtable`. Its calls reject with an APIError or a ConnectionError. */
export class RoundtableResource extends Endpoint<RoundtableRequest, RoundtableResult, RoundtableEvent> {
  constructor(transport: Transport) {
    super(transport, "/v3/roundtable", () => new RoundtableCollector());
  }

  /** Ask a panel and wait for all of it. */
  override create(request: TextRequest, options?: CreateOptions): Promise<RoundtableResult<string>>;
  override create(request: RoundtableRequest, options?: CreateOptions): Promise<RoundtableResult>;
  override create(request: RoundtableRequest, options?: CreateOptions): Promise<RoundtableResult> {
    return super.create(request, options);
  }

  /** Ask a panel and hear it as it speaks. Nothing is sent before the stream is read. */
  override stream(request: TextRequest, options?: StreamOptions): RoundtableStream<string>;
  override stream(request: RoundtableRequest, options?: StreamOptions): RoundtableStream;
  override stream(request: RoundtableRequest, options?: StreamOptions): RoundtableStream {
    return super.stream(request, options);
  }

  /** Let a panel choose; the winner is `data`, the count `meta.vote`. */
  vote<const Choice extends string>(request: VoteRequest<Choice>, options?: CreateOptions) {
    const counted = super.create({ ...request, resolution: "multiple_choice" }, options);
    return counted as Promise<VoteResult<Choice>>;
  }

  /** Ask a panel for a value of a type. Rejects with an OutputError, which holds the answers, where it gives none. */
  async parse<Schema extends StandardSchema>(
    request: ParseRequest<Schema>,
    options?: CreateOptions,
  ): Promise<ParsedResult<OutputOf<Schema>>> {
    const { output, output_schema, ...panel } = request;
    const raw = await this.create({ ...panel, output_schema: jsonSchemaOf(output, output_schema) }, options);
    if (raw.meta.summary_error) throw new OutputError(`There is no answer: ${raw.meta.summary_error.message}`, raw, []);
    const checked = await output["~standard"].validate(raw.data);
    if (!checked.issues) return { parsed: checked.value as OutputOf<Schema>, raw };
    throw new OutputError(`The answer does not fit: ${describeIssues(checked.issues)}`, raw, checked.issues);
  }
}

const KINDS = /^(start|model_delta|model_done|model_error|summary_delta|done)$/;

class RoundtableCollector implements Collector<RoundtableEvent, RoundtableResult> {
  #result: RoundtableResult | undefined;

  take(data: JsonObject, kind: string): RoundtableEvent | undefined {
    if (!KINDS.test(kind)) return undefined;
    const event = data as unknown as RoundtableEvent;
    if (event.type === "done") {
      const { type: _, ...result } = event;
      this.#result = result;
    }
    return event;
  }

  text(event: RoundtableEvent): TextDelta | undefined {
    if (event.type !== "model_delta" && event.type !== "summary_delta") return undefined;
    const index = event.type === "model_delta" ? event.model_index : null;
    return { index, model: event.model, text: event.delta, isSummary: index === null };
  }

  result(): RoundtableResult | undefined {
    return this.#result;
  }
}
