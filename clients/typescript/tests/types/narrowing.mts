/** Compiled, never run: what the types promise. A line that should not compile says so. */
import { APIError, ConnectionError, OutputError, Parley, ParleyError, StreamError, TimeoutError } from "parley-client";
import type {
  CompareEvent,
  JsonValue,
  ParsedResult,
  RoundtableEvent,
  TextDelta,
  TokenUsage,
  Vote,
} from "parley-client";
import { z } from "zod";

type Same<One, Other> = (<T>() => T extends One ? 1 : 2) extends <T>() => T extends Other ? 1 : 2 ? true : false;
function holds<_ extends true>(): void {}

const client = new Parley();
const models = ["a"];

export function narrowRoundtable(event: RoundtableEvent<string>): string | null {
  switch (event.type) {
    case "start":
      return event.id;
    case "model_delta":
    case "summary_delta":
      return event.delta;
    case "model_done":
      holds<Same<typeof event.usage, TokenUsage | null | undefined>>();
      return event.data ?? null;
    case "model_error":
      return event.partial_text ?? event.error;
    case "done":
      return event.data;
    default:
      return event satisfies never;
  }
}

export function narrowCompare(event: CompareEvent): string {
  switch (event.event) {
    case "comparison_start":
      return event.comparison_id;
    case "model_chunk":
    case "comparison_chunk":
      return event.delta;
    case "model_stream_done":
    case "model_result":
      return event.content ?? event.error ?? "";
    case "done":
      return event.comparison_model ?? "";
    default:
      return event satisfies never;
  }
}

export function narrowErrors(error: unknown): unknown {
  if (error instanceof APIError) return [error.status, error.code, error.requestId, error.retryAfter, error.details];
  if (error instanceof StreamError) return [error.code, error.details, error.requestId];
  if (error instanceof OutputError) return [error.raw.meta.total_cost, error.issues[0]?.message];
  if (error instanceof TimeoutError) return error satisfies ConnectionError;
  return error instanceof ParleyError ? error.message : undefined;
}

export async function answers(): Promise<void> {
  const text = await client.roundtable.create({ input: "?", models });
  holds<Same<typeof text.data, string | null>>();

  const value = await client.roundtable.create({ input: "?", models, output_schema: { type: "object" } });
  holds<Same<typeof value.data, JsonValue>>();

  const vote = await client.roundtable.vote({ input: "?", models, choices: ["yes", "no"] });
  holds<Same<typeof vote.data, "yes" | "no" | null>>();
  vote.meta.vote satisfies Vote<"yes" | "no">;

  const Verdict = z.object({ verdict: z.enum(["yes", "no"]), confidence: z.number() });
  const verdict = await client.roundtable.parse({ input: "?", models, output: Verdict });
  verdict satisfies ParsedResult<{ verdict: "yes" | "no"; confidence: number }>;
  holds<Same<typeof verdict.parsed.verdict, "yes" | "no">>();
  await client.roundtable.parse({ input: "?", models, output: Verdict, output_schema: z.toJSONSchema });

  const changed = await client.roundtable.parse({ input: "?", models, output: z.string().transform(Number) });
  holds<Same<typeof changed.parsed, number>>();
}

export async function streams(): Promise<void> {
  const stream = client.roundtable.stream({ input: "?", models }, { signal: new AbortController().signal });
  for await (const event of stream) event satisfies RoundtableEvent<string>;
  for await (const delta of stream.textDeltas()) delta satisfies TextDelta;
  (await stream.final()).data satisfies string | null;
  await using disposed = client.chat.completions.stream({ model: "a", messages: [{ role: "user", content: "?" }] });
  (await disposed.final()).choices[0]?.message.content satisfies string | null | undefined;
}

export function refused(): void {
  // @ts-expect-error: a field that the contract does not have
  void client.roundtable.create({ input: "?", models, summary: "a" });
  // @ts-expect-error: a question is needed
  void client.roundtable.create({ models });
  // @ts-expect-error: choices are needed
  void client.roundtable.vote({ input: "?", models });
  // @ts-expect-error: a stream is asked for by `stream`
  void client.roundtable.create({ input: "?", models, stream: true });
  // @ts-expect-error: an Idempotency-Key is for plain calls
  client.compare.stream({ models }, { idempotencyKey: "x" });
  // @ts-expect-error: retries are for plain calls
  client.compare.stream({ models }, { maxRetries: 1 });
  // @ts-expect-error: a role that there is not
  void client.compare.create({ models, messages: [{ role: "robot", content: "?" }] });
}
