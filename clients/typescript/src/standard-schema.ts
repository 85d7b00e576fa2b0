/**
 * The parts of Standard Schema 1 and Standard JSON Schema 1 that this library uses, so that it needs no package for them.
 * Source: standardschema.dev. Zod 4.2 and ArkType 2.1.28 have both; Valibot has the second by `toStandardJsonSchema`.
 */
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

interface WithJsonSchema {
  readonly jsonSchema?: { readonly input: (options: { target: string }) => JsonSchema };
}

/** Return the JSON Schema to send: `source`, or what the schema itself says that it takes in. */
export function jsonSchemaOf<Schema extends StandardSchema>(
  schema: Schema,
  source: JsonSchemaSource<Schema> | undefined,
): JsonSchema {
  if (typeof source === "function") return source(schema);
  if (source !== undefined) return source;
  const standard: Schema["~standard"] & WithJsonSchema = schema["~standard"];
  if (standard.jsonSchema) return standard.jsonSchema.input({ target: "draft-2020-12" });
  throw new ConfigurationError(
    `The schema of ${standard.vendor} can't tell its JSON Schema; give that as \`output_schema\`, or a function that ` +
      "makes it, such as z.toJSONSchema. Zod can tell it since 4.2, ArkType since 2.1.28.",
  );
}

/** Put `issues` into words: where, and what. */
export function describeIssues(issues: readonly StandardIssue[]): string {
  return issues.map(({ message, path }) => (path?.length ? `${place(path)}: ${message}` : message)).join("; ");
}

function place(path: NonNullable<StandardIssue["path"]>): string {
  return path.map((part) => String(typeof part === "object" ? part.key : part)).join(".");
}
