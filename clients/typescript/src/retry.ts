import { APIError, ConnectionError, TimeoutError } from "./errors.js";

/**
 * Say how long to wait before asking again, in milliseconds; null where `error` is to be raised at once, as one with a
 * Retry-After beyond a minute is. `retry` is 1 for the first; the wait doubles from 0.5 s up to 8 s, times `random`, from
 * [0, 1). A delicate call is repeated only where the server said that it had done nothing.
 */
export function retryDelayMs(error: unknown, retry: number, random: number, isDelicate = false): number | null {
  if (!mayRepeat(error, isDelicate)) return null;
  const backoffMs = random * Math.min(500 * 2 ** (retry - 1), 8_000);
  const retryAfterS = error instanceof APIError ? (error.retryAfter ?? 0) : 0;
  return retryAfterS > 60 ? null : Math.max(backoffMs, retryAfterS * 1000);
}

function mayRepeat(error: unknown, isDelicate: boolean): boolean {
  if (error instanceof APIError) {
    if (error.status === 429 || error.status === 503) return true;
    if (isDelicate) return false;
    const isStillRunning = error.status === 409 && error.code === "idempotency_in_progress";
    return error.status === 502 || error.status === 504 || isStillRunning;
  }
  return !isDelicate && error instanceof ConnectionError && !(error instanceof TimeoutError);
}
