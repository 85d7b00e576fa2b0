import type { Deadline } from "./deadline.js";
import { APIError, ConnectionError, ParleyError, TimeoutError, type Problem } from "./errors.js";
import { isObject, parseJson, type JsonValue } from "./json.js";

/** Read the object, or list, of an answer; undefined for 204. Raises a ConnectionError for what is none, or not whole. */
export async function readJson(response: Response, deadline: Deadline, isList = false): Promise<unknown> {
  if (response.status === 204) return undefined;
  const text = await readText(response, deadline);
  const value = parseJson(text);
  if (isList ? Array.isArray(value) : isObject(value)) return value;
  const what = `${response.status}, ${typeOf(response)}, ${text.length} characters`;
  throw new ConnectionError(`The answer (${what}) is not whole, or not one of Parley; check the URL.`);
}

/** Read an answer that is no success, whoever has given it. */
export async function readError(response: Response, deadline: Deadline, nowMs: number): Promise<APIError> {
  const { status, headers } = response;
  const isRedirect = status >= 300 && status < 400;
  const message = isRedirect
    ? `The server answered ${status}, a redirect, which is not followed; give the URL that it leads to.`
    : `Something answered ${status} with ${typeOf(response)} that is no error of Parley, perhaps a proxy before it.`;
  const retryAfter = retryAfterS(headers.get("retry-after"), nowMs);
  const usual = { message, retryAfter, requestId: headers.get("x-request-id") };
  return new APIError(status, readProblem(parseJson(await readText(response, deadline)), usual));
}

type Usual = Pick<Problem, "message" | "requestId"> & Partial<Problem>;

/** Read `{"error": {…} or a sentence, "request_id"}`; `usual` holds what the headers say, or what stands for nothing. */
export function readProblem(body: unknown, usual: Usual): Problem {
  const envelope = isObject(body) ? body : {};
  const error = isObject(envelope["error"]) ? envelope["error"] : { ...envelope, message: envelope["error"] ?? null };
  const textOf = (value: JsonValue | undefined) => (typeof value === "string" ? value : null);
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

/** Say why no whole answer came: the deadline's reason if it has ended the call, else what the network said. */
export function lost(cause: unknown, deadline: Deadline, what: string): unknown {
  if (deadline.signal.aborted) return deadline.signal.reason;
  if (cause instanceof ParleyError) return cause;
  const { code, message } = innermost(cause);
  if (code === "UND_ERR_HEADERS_TIMEOUT") {
    return new TimeoutError(`${what} while Node's fetch waits; ask for a stream, or give another \`fetch\`.`, {
      cause,
    });
  }
  const advice = "check the URL, that the server runs, and for a web page that its cors_origins name it";
  return new ConnectionError(`${what} (${code ?? message}); ${advice}.`, { cause });
}

function readText(response: Response, deadline: Deadline): Promise<string> {
  return response.text().catch((cause: unknown) => {
    throw lost(cause, deadline, "The answer broke off");
  });
}

function typeOf(response: Response): string {
  return response.headers.get("content-type")?.slice(0, 60) ?? "no content type";
}

/** Return the seconds of a Retry-After, which is a number or a date. Source: RFC 9110, section 10.2.3. */
function retryAfterS(header: string | null, nowMs: number): number | null {
  if (header === null) return null;
  if (/^\d+$/.test(header)) return Number(header);
  const ms = Date.parse(header) - nowMs;
  return Number.isNaN(ms) ? null : Math.max(0, Math.ceil(ms / 1000));
}

/** Node's fetch fails with an error that says nothing, the cause of which says what happened. */
function innermost(error: unknown): { code?: unknown; message?: unknown } {
  if (!(error instanceof Error)) return { message: String(error) };
  return error.cause instanceof Error ? innermost(error.cause) : error;
}
