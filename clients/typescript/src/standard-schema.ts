// Of Standard Schema 1 and Standard JSON Schema 1 what is used here, which needs no package. Source: standardschema.dev.
import { ConfigurationError } from "./errors.js";

/** A schema that validates values, such as one of Zod, Valibot or ArkType. */
export interface StandardSchema<Output = unknown> {
  readonly "~standard": {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown) => StandardResult<Output> | Promise<StandardResult<Output>>;
    readonly types?: { readonly input: unknown; readonly output: Output } | undefined;
  };
}

/** The type of what a schema lets through. */
export type OutputOf<Schema extends StandardSchema> = Schema extends StandardSchema<infer Output> ? Output : never;
/** A value of the schema's type, or what is wrong. */
export type StandardResult<Output> =
  { readonly value: Output; readonly issues?: undefined } | { readonly issues: readonly StandardIssue[] };

/** One thing that a schema finds wrong, and where. */
export interface StandardIssue {
  readonly message: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

/** A JSON Schema of draft 2020-12. */
export type JsonSchema = Record<string, unknown>;
/** A JSON Schema, or a function that makes one of the validating schema, such as `z.toJSONSchema`. */
export type JsonSchemaSource<Schema> = JsonSchema | ((schema: Schema) => JsonSchema);
type WithJsonSchema = { readonly jsonSchema?: { readonly input: (options: { target: string }) => JsonSchema } };

/** Return the JSON Schema to send: `source`, or what the schema itself says that it takes in. */
export function jsonSchemaOf<S extends StandardSchema>(schema: S, source?: JsonSchemaSource<S>): JsonSchema {
  if (typeof source === "function") return source(schema);
  if (source !== undefined) return source;
  const standard: S["~standard"] & WithJsonSchema = schema["~standard"];
  if (standard.jsonSchema) return standard.jsonSchema.input({ target: "draft-2020-12" });
  const advice = "give that as `output_schema`, or what makes it, such as z.toJSONSchema";
  throw new ConfigurationError(`The schema of ${standard.vendor} can't tell its JSON Schema; ${advice}.`);
}

/** Put `issues` into words: where, and what. */
export function describeIssues(issues: readonly StandardIssue[]): string {
  const keyOf = (part: PropertyKey | { key: PropertyKey }) => String(typeof part === "object" ? part.key : part);
  return issues
    .map(({ message, path }) => (path?.length ? `${path.map(keyOf).join(".")}: ${message}` : message))
    .join("; ");
}
