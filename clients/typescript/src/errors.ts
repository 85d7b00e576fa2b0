import { isObject, type JsonValue } from "./json.js";
import type { RoundtableResult } from "./roundtable.js";
import type { StandardIssue } from "./standard-schema.js";

/**
 * What all errors of this library have in common:
 *
 *     ParleyError
 *     ├── ConfigurationError   the URL, the key or an option can't be used; nothing was sent
 *     ├── APIError             the server answered with an error
 *     ├── ConnectionError      no whole answer came
 *     │   └── TimeoutError     it did not come in time
 *     ├── StreamError          the server ended a stream with an error
 *     └── OutputError          the answer does not fit the asked-for type
 *
 * A call that is ended by its own `AbortSignal` rejects with that signal's reason, as `fetch` does.
 */
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
 * The server answered with an error. `code` is a slug such as `rate_limit_exceeded`, null where something else than
 * Parley has answered; `param` is the field of the request that is wrong; `details` say what is wrong at each place, or
 * what became of each model; `retryAfter` is in seconds; the server's log has the request under `requestId`.
 */
export class APIError extends ParleyError implements Problem {
  override readonly name = "APIError";
  readonly code!: string | null;
  readonly param!: string | null;
  readonly details!: JsonValue[] | null;
  readonly providerError!: JsonValue;
  readonly retryAfter!: number | null;
  readonly requestId!: string | null;

  constructor(
    readonly status: number,
    problem: Problem,
  ) {
    super(problem.message);
    Object.assign(this, problem);
  }
}

/** The server ended a stream with an error: no model answered (`details` say why), or it had to stop. */
export class StreamError extends ParleyError {
  override readonly name = "StreamError";
  readonly code: string | null;
  readonly details: JsonValue[] | null;
  readonly requestId: string | null;

  constructor({ message, code, details, requestId }: Problem) {
    super(message);
    this.code = code;
    this.details = details;
    this.requestId = requestId;
  }
}

/** The answer, which is `raw`, does not fit the asked-for type: `issues` of the schema say where, if it is there at all. */
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

/** What an error of the server says; null where it says nothing. */
export interface Problem {
  readonly message: string;
  readonly code: string | null;
  readonly param: string | null;
  readonly details: JsonValue[] | null;
  readonly providerError: JsonValue;
  readonly retryAfter: number | null;
  readonly requestId: string | null;
}

type Usual = Pick<Problem, "message" | "requestId"> & Partial<Problem>;

/** Read `{"error": {…} or a sentence, "request_id"}`; `usual` holds what the headers say, or what stands for nothing. */
export function readProblem(body: unknown, usual: Usual): Problem {
  const envelope = isObject(body) ? body : {};
  const error = isObject(envelope["error"]) ? envelope["error"] : { ...envelope, message: envelope["error"] ?? null };
  const seconds = error["retry_after_seconds"];
  return {
    message: textOf(error["message"]) ?? usual.message,
    code: textOf(error["code"]) ?? textOf(error["error_code"]),
    param: textOf(error["param"]),
    details: Array.isArray(error["details"]) ? error["details"] : null,
    providerError: error["provider_error"] ?? null,
    retryAfter: usual.retryAfter ?? (typeof seconds === "number" ? seconds : null),
    requestId: textOf(envelope["request_id"]) ?? usual.requestId,
  };
}

function textOf(value: JsonValue | undefined): string | null {
  return typeof value === "string" ? value : null;
}
