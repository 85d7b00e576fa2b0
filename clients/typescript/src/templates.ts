/** `/v1/templates`: stored beginnings of conversations, for comparisons and chat. Times are RFC 3339 in UTC. */
import type { ChatMessage } from "./chat.js";
import type { CallOptions } from "./configuration.js";
import type { JsonObject } from "./json.js";
import { inPath, type Transport } from "./transport.js";

/**
 * What a template is made of. Texts hold placeholders, `{{ name }}`: letters, digits and underscores. `params` are those
 * of a chat request, such as `temperature`; a request's own win. `is_global` ones, for everybody, are written by admins.
 */
export interface TemplateFields {
  name: string;
  description?: string | null;
  system?: string | null;
  messages?: readonly ChatMessage[] | null;
  model?: string | null;
  params?: Record<string, unknown> | null;
  variables?: readonly string[] | null;
  is_global?: boolean | null;
}

/** A stored template, which a request names by `name` or `id`; `owner` is the name of the key that made it. */
export interface Template extends TemplateFields {
  id: string;
  owner: string;
  is_global: boolean;
  messages: ChatMessage[];
  params: JsonObject;
  variables: string[];
  created_at: string;
  updated_at: string;
}

/** `client.templates`. Its calls reject with an APIError or a ConnectionError. */
export class TemplatesResource {
  /** @internal */
  constructor(private readonly transport: Transport) {}

  /** Store a template. Repeated only where the server said that it had stored nothing. */
  create(fields: TemplateFields, options?: CallOptions): Promise<Template> {
    const call = { method: "POST", path: "/v1/templates", body: fields, repeat: "if-refused" } as const;
    return this.transport.request(call, options);
  }

  /** List the key's own templates and the global ones. */
  list(options?: CallOptions): Promise<Template[]> {
    return this.transport.request({ method: "GET", path: "/v1/templates" }, options);
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
