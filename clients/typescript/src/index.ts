/** The client of Parley. Everything that is exported here is public; nothing else is. */
export { Parley } from "./client.js";
export type { CallOptions, CreateOptions, ParleyOptions, StreamOptions } from "./configuration.js";
export {
  APIError,
  ConfigurationError,
  ConnectionError,
  OutputError,
  ParleyError,
  StreamError,
  TimeoutError,
} from "./errors.js";
export type { EventStream, TextDelta } from "./stream.js";
export type { JsonObject, JsonValue } from "./json.js";
export type * from "./chat.js";
export type * from "./compare.js";
export type * from "./models.js";
export type * from "./roundtable.js";
export type { JsonSchema, JsonSchemaSource, OutputOf, StandardIssue, StandardSchema } from "./standard-schema.js";
export type * from "./templates.js";
export type * from "./traces.js";
export type * from "./usage.js";
export { VERSION } from "./version.js";
