import type { ChatMessage } from "./chat.js";
import type { CallOptions } from "./configuration.js";
import type { JsonObject, Optional } from "./json.js";
import { inPath, type Transport } from "./transport.js";

/**
 * What a template is made of. Texts hold placeholders, `{{ name }}`: letters, digits and underscores. `params` are those
 * of a chat request, such as `temperature`; a request's own win. `is_global` ones, for everybody, are written by admins.
 */
export interface TemplateFields extends Optional<"description" | "system" | "model", string> {
  name: string;
  messages?: readonly ChatMessage[] | null;
  params?: Record<string, unknown> | null;
  variables?: readonly string[] | null;
  is_global?: boolean | null;
}

/** A template, which requests name by `name` or `id`; `owner` is the name of its key. Times are RFC 3339 in UTC. */
export interface Template extends TemplateFields, Record<"id" | "owner" | "created_at" | "updated_at", string> {
  is_global: boolean;
  messages: ChatMessage[];
  params: JsonObject;
  variables: string[];
}

/** `client.templates`. Its calls reject with an APIError or a ConnectionError. */
export class TemplatesResource {
  constructor(private readonly transport: Transport) {}

  /** Store a template. Repeated only where the server said that it had stored nothing. */
  create(fields: TemplateFields, options?: CallOptions): Promise<Template> {
    const call = { method: "POST", path: "/v1/templates", body: fields, isDelicate: true } as const;
    return this.transport.request(call, options);
  }

  /** List the key's own templates and the global ones. */
  list(options?: CallOptions): Promise<Template[]> {
    return this.transport.request({ method: "GET", path: "/v1/templates", isList: true }, options);
  }

  get(id: string, options?: CallOptions): Promise<Template> {
    return this.transport.request({ method: "GET", path: `/v1/templates/${inPath(id)}` }, options);
  }

  /** Change some fields: what is left out stays, and null empties. */
  update(id: string, fields: Partial<TemplateFields>, options?: CallOptions): Promise<Template> {
    return this.transport.request({ method: "PATCH", path: `/v1/templates/${inPath(id)}`, body: fields }, options);
  }

  delete(id: string, options?: CallOptions): Promise<void> {
    return this.transport.request({ method: "DELETE", path: `/v1/templates/${inPath(id)}` }, options);
  }
}
