import type { Problem } from "./errors.js";
import { isObject, type JsonValue } from "./json.js";

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

const textOf = (value: JsonValue | undefined): string | null => (typeof value === "string" ? value : null);
