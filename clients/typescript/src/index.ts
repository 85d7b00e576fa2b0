/** The client of Parley. Everything that is exported here is public; nothing else is. */
export { Parley } from "./client.js";
export { VERSION } from "./configuration.js";
export type { CallOptions, CreateOptions, ParleyOptions, StreamOptions } from "./configuration.js";
export * from "./errors.js";
export type { Endpoint } from "./endpoint.js";
export type { EventStream, TextDelta } from "./stream.js";
export type { JsonObject, JsonValue, Optional } from "./json.js";
export type { JsonSchema, JsonSchemaSource, OutputOf, StandardIssue, StandardSchema } from "./standard-schema.js";
export type * from "./chat.js";
export type * from "./compare.js";
export type * from "./models.js";
export type * from "./roundtable.js";
export type * from "./templates.js";
export type * from "./traces.js";
export type * from "./usage.js";
