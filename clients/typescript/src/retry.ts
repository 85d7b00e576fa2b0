import { APIError, ConnectionError, TimeoutError } from "./errors.js";

const FIRST_WAIT_MS = 500;
const MOST_WAIT_MS = 8_000;
const MOST_RETRY_AFTER_S = 60;

/** When a call may be repeated: whenever that may help, or only where the server said that it had done nothing. */
export type Repeat = "always" | "if-refused";

/** Say how long to wait before asking again, in milliseconds; null where `error` is to be raised at once.
 *
 * @param retry 1 for the first retry. The wait doubles from 0.5 s up to 8 s, with full jitter.
 * @param random drawn from [0, 1).
 */
export function retryDelayMs(error: unknown, repeat: Repeat, retry: number, random: number): number | null {
  if (!mayRepeat(error, repeat)) return null;
  const backoffMs = random * Math.min(FIRST_WAIT_MS * 2 ** (retry - 1), MOST_WAIT_MS);
  const retryAfterS = error instanceof APIError ? (error.retryAfter ?? 0) : 0;
  return retryAfterS > MOST_RETRY_AFTER_S ? null : Math.max(backoffMs, retryAfterS * 1000);
}

function mayRepeat(error: unknown, repeat: Repeat): boolean {
  if (error instanceof APIError) {
    if (error.status === 429 || error.status === 503) return true;
    if (repeat === "if-refused") return false;
    return error.status === 502 || error.status === 504 || isStillRunning(error);
  }
  return repeat === "always" && error instanceof ConnectionError && !(error instanceof TimeoutError);
}

function isStillRunning(error: APIError): boolean {
  return error.status === 409 && error.code === "idempotency_in_progress";
}
