// Reads one run: by its trace's id once it has ended, by its request's id while it runs.
import { ApiError, get, post } from "../api.js";
import { href } from "../router.js";
import { isRunning, traceOfEvents } from "./running_trace.js";

const LOOK_AGAIN_MS = 1000;
const MOST_EVENTS = 200;
const MOST_LOOKS_AFTER_THE_END = 10;

// Calls `show` with the trace, again and again while it runs. Throws what the API says.
export async function readTrace(id, show, signal) {
  if (id.startsWith("req_")) await follow(id, show, signal);
  else show(await get(`v3/traces/${encodeURIComponent(id)}`, { signal }));
}

async function follow(requestId, show, signal) {
  for (let looks = 0; looks < MOST_LOOKS_AFTER_THE_END; ) {
    const { traces } = await get(`v3/traces?limit=1&request_id=${encodeURIComponent(requestId)}`, { signal });
    if (traces.length > 0) return location.replace(href("runs", traces[0].id)); // it has ended: from now on it has a place of its own
    const { events } = await post("v1/usage/events", { request_id: requestId, limit: MOST_EVENTS }, { signal });
    if (events.length === 0) throw new ApiError(`There is no request ${requestId} of this key.`, { status: 404, code: "not_found" });
    show(traceOfEvents(events, Date.now()));
    looks = isRunning(events) ? 0 : looks + 1;
    await pause(LOOK_AGAIN_MS, signal);
  }
}

function pause(ms, signal) {
  return new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener("abort", stop);
      resolve();
    }, ms);
    signal.addEventListener("abort", stop, { once: true });
  });
}
