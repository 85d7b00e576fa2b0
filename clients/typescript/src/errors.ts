import type { JsonValue } from "./json.js";
import type { RoundtableResult } from "./roundtable.js";
import type { StandardIssue } from "./standard-schema.js";

/** What all errors of this library are. A call that its own `AbortSignal` ends rejects with that signal's reason. */
export class ParleyError extends Error {
  override readonly name: string = "ParleyError";
}

/** The URL, the key or an option can't be used; the message says what would be right. Nothing was sent. */
export class ConfigurationError extends ParleyError {
  override readonly name = "ConfigurationError";
}

/** No whole answer came: no connection, a cut one, or something that is no answer of Parley. `cause` may say more. */
export class ConnectionError extends ParleyError {
  override readonly name: string = "ConnectionError";
}

/** No whole answer came within the call's `timeoutMs`. */
export class TimeoutError extends ConnectionError {
  override readonly name = "TimeoutError";
}

/**
 * What the server says of an error; null where it says nothing. `code` is a slug such as `rate_limit_exceeded`, null
 * where something else than Parley has answered. `param` is the field of the request that is wrong, `details` say what is
 * wrong at each place, or what became of each model, and `providerError` what a model's provider said. `retryAfter` is in
 * seconds. The server's log has the request under `requestId`.
 */
export interface Problem extends Readonly<Record<"code" | "param" | "requestId", string | null>> {
  readonly message: string;
  readonly details: JsonValue[] | null;
  readonly providerError: JsonValue;
  readonly retryAfter: number | null;
}

interface ServerError extends Omit<Problem, "message"> {}
abstract class ServerError extends ParleyError {
  constructor(problem: Problem) {
    super(problem.message);
    Object.assign(this, problem);
  }
}

/** The server answered with an error, and a `status` of HTTP. */
export class APIError extends ServerError {
  override readonly name = "APIError";
  constructor(
    readonly status: number,
    problem: Problem,
  ) {
    super(problem);
  }
}

/** The server ended a stream with an error: no model answered, or it had to stop. */
export class StreamError extends ServerError {
  override readonly name = "StreamError";
}

/** The answer, `raw`, does not fit the asked-for type, or is none. `issues` are what the schema finds wrong. */
export class OutputError extends ParleyError {
  override readonly name = "OutputError";
  constructor(
    message: string,
    readonly raw: RoundtableResult,
    readonly issues: readonly StandardIssue[],
  ) {
    super(message);
  }
}
