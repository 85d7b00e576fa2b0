import type { Endpoint } from "./endpoint.js";
import type { JsonObject, JsonValue, Optional } from "./json.js";
import type { JsonSchema } from "./standard-schema.js";
import type { Collector, EventStream, TextDelta } from "./stream.js";

/** A message of a conversation. Fields that are not listed are passed on to the provider. */
export interface ChatMessage extends Optional<"name" | "tool_call_id", string> {
  role: "system" | "developer" | "user" | "assistant" | "tool";
  content?: string | readonly ContentPart[] | null;
  tool_calls?: readonly ToolCall[] | null;
  [field: string]: unknown;
}

/** A part of a message. Parley fetches no URL: give images as `data:` URLs where the provider takes no other. */
export type ContentPart =
  | { type: "text"; text: string }
  | { type: "image_url"; image_url: { url: string; detail?: "auto" | "low" | "high" } }
  | { type: "input_audio"; input_audio: { data: string; format: string } };

/** A function that the model may call, its parameters being a JSON Schema. */
export type Tool = { type: "function"; function: { name: string; parameters?: JsonSchema | null } & Described };
type Described = { description?: string | null; strict?: boolean | null };
/** A call that the model wants made; `arguments` is JSON. */
export type ToolCall = { id: string; type: "function"; function: { name: string; arguments: string } };

/** The form of the answer. */
export type ResponseFormat =
  | { type: "text" | "json_object" }
  | { type: "json_schema"; json_schema: { name?: string; schema: JsonSchema; strict?: boolean | null } };

/** A stored template, by name or id, may begin the conversation; with `cache`, an identical call costs nothing. */
export interface Templated {
  template?: string | null;
  variables?: Record<string, string> | null;
  cache?: boolean | null;
}

type Figure = "temperature" | "top_p" | "max_tokens" | "max_completion_tokens" | "seed" | "timeout";

/**
 * A conversation for one model, or for a panel of the server (`panel/NAME`). `models` are fallbacks, tried in order after
 * `model`. `timeout`, in seconds, at most 300, is for the server; this client's own is `timeoutMs`. With `include_usage`
 * the last chunk of a stream carries the usage. Parameters that are not listed are passed on to the provider.
 */
export interface ChatRequest extends Templated, Optional<Figure, number> {
  model?: string | null;
  models?: readonly string[] | null;
  messages?: readonly ChatMessage[] | null;
  stop?: string | readonly string[] | null;
  reasoning_effort?: "none" | "minimal" | "low" | "medium" | "high" | "xhigh" | "max" | null;
  tools?: readonly Tool[] | null;
  tool_choice?: "auto" | "none" | "required" | { type: "function"; function: { name: string } } | null;
  parallel_tool_calls?: boolean | null;
  response_format?: ResponseFormat | null;
  stream_options?: { include_usage?: boolean } | null;
  [parameter: string]: unknown;
}

/** `created` is in seconds since 1970, `cost` a decimal string in US dollars; `warnings` name what was dropped. */
interface Head {
  id: string;
  created: number;
  model: string;
  usage?: ChatUsage | null;
  cost?: string | null;
  warnings?: string[] | null;
}

/** Tokens; `estimated` where the provider gave no count. */
export interface ChatUsage extends Record<"prompt_tokens" | "completion_tokens" | "total_tokens", number> {
  prompt_tokens_details?: Optional<"cached_tokens" | "cache_write_tokens", number> | null;
  completion_tokens_details?: Optional<"reasoning_tokens", number> | null;
  estimated?: boolean | null;
}

type Said = Optional<"content" | "refusal" | "reasoning_content", string>;
type Choice = { index: number; finish_reason?: string | null; logprobs?: JsonValue };

/** A model's answer, in OpenAI's names and Parley's own. */
export type ChatCompletion = Head & { object: "chat.completion"; choices: ChatChoice[] };
/** The one choice of an answer. */
export type ChatChoice = Choice & { message: { role: "assistant"; tool_calls?: ToolCall[] | null } & Said };
/** A piece of a streamed answer. `choices` is empty in the chunk that carries the usage. */
export type ChatChunk = Head & { object: "chat.completion.chunk"; choices: ChatChunkChoice[] };
/** What a chunk adds. */
export type ChatChunkChoice = Choice & { delta: { role?: "assistant"; tool_calls?: ToolCallDelta[] | null } & Said };

/** A piece of the tool call number `index`: id and name stand on its first, `arguments` is cut anywhere. */
export interface ToolCallDelta extends Optional<"id" | "type", string> {
  index: number;
  function?: Optional<"name" | "arguments", string> | null;
}

/** A completion as it is written. */
export type ChatStream = EventStream<ChatChunk, ChatCompletion>;
/** `client.chat.completions`. */
export type CompletionsResource = Endpoint<ChatRequest, ChatCompletion, ChatChunk>;

/** Puts the chunks together: texts and arguments are joined, of everything else the last value counts. */
export class ChatCollector implements Collector<ChatChunk, ChatCompletion> {
  #completion: ChatCompletion | undefined;

  take(data: JsonObject): ChatChunk | undefined {
    if (data["object"] !== "chat.completion.chunk") return undefined;
    const chunk = data as unknown as ChatChunk;
    const { choices, object: _, usage, ...head } = chunk;
    this.#completion ??= { ...head, object: "chat.completion", choices: [] };
    Object.assign(this.#completion, head, usage && { usage });
    for (const choice of choices) this.#add(this.#completion.choices, choice);
    return chunk;
  }

  #add(choices: ChatChoice[], { index, delta, finish_reason, logprobs }: ChatChunkChoice): void {
    const choice = (choices[index] ??= { index, message: { role: "assistant", content: null } });
    const { message } = choice;
    for (const part of ["content", "refusal", "reasoning_content"] as const) {
      if (delta[part]) message[part] = (message[part] ?? "") + delta[part];
    }
    for (const call of delta.tool_calls ?? []) addToolCall((message.tool_calls ??= []), call);
    if (finish_reason) choice.finish_reason = finish_reason;
    if (logprobs) choice.logprobs = logprobs;
  }

  text({ model, choices }: ChatChunk): TextDelta | undefined {
    const text = choices[0]?.delta.content;
    return text ? { index: null, model, text, isSummary: false } : undefined;
  }

  result(): ChatCompletion | undefined {
    return this.#completion;
  }
}

function addToolCall(calls: ToolCall[], piece: ToolCallDelta): void {
  const call = (calls[piece.index] ??= { id: "", type: "function", function: { name: "", arguments: "" } });
  if (piece.id) call.id = piece.id;
  if (piece.function?.name) call.function.name = piece.function.name;
  call.function.arguments += piece.function?.arguments ?? "";
}
