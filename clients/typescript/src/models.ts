import type { CallOptions } from "./configuration.js";
import type { Optional } from "./json.js";
import { inPath, type Transport } from "./transport.js";

/** Which models are listed; `free` are those of which the price is known and 0. */
export type ModelFilter = { free?: boolean | null; type?: string | null; provider?: string | null };
/** Which models are looked for: every word of `q` is in id, name or brand. `limit` is 1 to 500, usually 50. */
export type ModelSearch = { q?: string | null; free?: boolean | null; limit?: number | null; offset?: number | null };

type Ability = "tools" | "structured_output" | "thinking" | "system_prompt" | "completions_api";
type Flag = `supports_${Ability}` | "sandbox" | "is_composite";
type Rate = "prompt" | "completion" | "cache_read_input" | "cache_write_input" | `long_context_${"input" | "output"}`;

/** A model that can be called, or a panel (`is_composite`), by its `id`, which holds slashes. Lengths are tokens. */
export interface Model extends Record<"id" | "name" | "provider" | "brand", string>, Optional<Flag, boolean> {
  description?: string | null;
  type?: string;
  context_length: number | null;
  max_output_tokens?: number | null;
  is_free: boolean;
  pricing: ModelPricing;
  input_modalities?: string[] | null;
  output_modalities?: string[] | null;
  composite_models?: string[] | null;
}

/** Rates per 1,000 (`…_1k`) and 1,000,000 (`…_1m`) tokens: decimal strings, null where they are not known. */
export type ModelPricing = Optional<"pricing_unit" | `${Rate}_usd_per_${"1k" | "1m"}`, string>;
/** A page of what was found; `brands` are those of all that was found. */
export type ModelPage = { items: Model[]; total: number; limit: number; offset: number; brands: string[] };

/** `client.models`. Its calls reject with an APIError or a ConnectionError. */
export class ModelsResource {
  constructor(private readonly transport: Transport) {}

  /** List models and panels. */
  async list(filter: ModelFilter = {}, options?: CallOptions): Promise<Model[]> {
    const call = { method: "GET", path: "/v1/models", query: filter } as const;
    return (await this.transport.request<{ data: Model[] }>(call, options)).data;
  }

  /** Look for models and panels. */
  search(search: ModelSearch = {}, options?: CallOptions): Promise<ModelPage> {
    return this.transport.request({ method: "GET", path: "/v1/models/search", query: search }, options);
  }

  /** Look up any model that can be called, listed or not. Rejects with an APIError, 404, that names the nearest. */
  get(id: string, options?: CallOptions): Promise<Model> {
    return this.transport.request({ method: "GET", path: `/v1/models/${inPath(id)}` }, options);
  }
}
