// The public API, and nothing else: calls, their errors, and streams of events.
import { remember } from "./asked.js";
import { key, lock } from "./session.js";
import { readEvents } from "./sse.js";

// A refusal or failure as the server words it. `code` is a slug of the contract, or "unreachable".
export class ApiError extends Error {
  constructor(message, { status = 0, code = "unreachable", requestId = "", details = null, retryAfter = null } = {}) {
    super(message);
    Object.assign(this, { status, code, requestId, details, retryAfter });
  }
}

// `as`: a key to try instead of the signed-in one.
export async function call(method, path, body, { signal, as } = {}) {
  const response = await send(method, path, body, { signal, as });
  return response.status === 204 ? null : response.json();
}

export const get = (path, options) => call("GET", path, undefined, options);
export const post = (path, body, options) => call("POST", path, body, options);

// Yields the parsed events of a stream until [DONE]. Leaving the loop, or aborting `signal`, closes the connection.
export async function* stream(path, body, { signal } = {}) {
  const response = await send("POST", path, { ...body, stream: true }, { signal });
  remember(response.headers.get("x-request-id"), path, body); // from here on the request has a trace
  yield* readEvents(response.body);
}

async function send(method, path, body, { signal, as }) {
  const headers = {};
  const sent = as ?? key.value;
  if (sent) headers.authorization = `Bearer ${sent}`;
  if (body !== undefined) headers["content-type"] = "application/json";
  const options = { method, headers, signal, body: body === undefined ? undefined : JSON.stringify(body) };
  let response;
  try {
    response = await fetch(path, options); // relative: the page may stand at a path of a proxy
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new ApiError("The server can't be reached. Is it running, and is this device online?");
  }
  if (response.status === 401 && as === undefined && sent === key.value) lock(); // else another key has signed in since
  if (!response.ok) throw await refusal(response);
  return response;
}

async function refusal(response) {
  const answer = await response.json().catch(() => null);
  const error = answer?.error ?? {};
  return new ApiError(error.message ?? `The server answered ${response.status}.`, {
    status: response.status,
    code: error.code ?? "unknown",
    requestId: answer?.request_id ?? response.headers.get("x-request-id") ?? "",
    details: error.details ?? null,
    retryAfter: error.retry_after_seconds ?? null,
  });
}
