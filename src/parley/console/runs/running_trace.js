// A trace appears once its request has ended. Until then the ledger's rows tell who was asked and since when.

// Requests that run now, newest first: {request_id, time, key_name, models}.
export function runningRequests(events) {
  const found = new Map();
  for (const event of events) {
    const request = found.get(event.request_id) ?? { request_id: event.request_id, time: event.time, key_name: event.key_name, events: [] };
    request.events.push(event);
    if (event.time < request.time) request.time = event.time;
    found.set(event.request_id, request);
  }
  return [...found.values()].map((request) => ({ ...request, models: inOrder(request.events).map((event) => event.model) }));
}

// By which API a request came, as a trace's name begins.
export function kindOfEvents([event]) {
  if (event.role === "chat") return "chat";
  return event.panel_id?.startsWith("cmp_") ? "compare" : "roundtable";
}

export const isRunning = (events) => events.some((event) => event.outcome === "running");

// The usage events of one request in the shape of a trace; what runs lasts until `now`.
export function traceOfEvents(events, now) {
  const calls = inOrder(events).map((event) => spanOf(event, now));
  const begin = Math.min(...events.map((event) => Date.parse(event.time)));
  const end = Math.max(...calls.map((span) => Date.parse(span.start_time) + span.duration_ms));
  const status = isRunning(events) ? "running" : worst(calls);
  const times = { start_time: new Date(begin).toISOString(), duration_ms: end - begin };
  const root = { id: "root", parent_id: null, request_id: events[0].request_id, name: kindOfEvents(events), kind: "server", status, ...times, attributes: {} };
  return { id: events[0].request_id, name: kindOfEvents(events), status, ...times, spans: [root, ...calls] };
}

function spanOf(event, now) {
  const runs = event.outcome === "running";
  const known = { "parley.role": event.role, "parley.seat_index": event.seat_index, "gen_ai.request.model": event.model, "parley.provider": event.provider };
  if (!runs) {
    known["gen_ai.usage.input_tokens"] = event.usage.input_tokens;
    known["gen_ai.usage.output_tokens"] = event.usage.output_tokens;
    if (event.cost !== null) known["parley.cost_usd"] = event.cost;
  }
  if (event.error_code) known["error.type"] = event.error_code;
  return {
    id: event.id,
    parent_id: "root",
    request_id: event.request_id,
    name: event.model,
    kind: "client",
    status: runs ? "running" : statusOf(event.outcome),
    start_time: event.time,
    duration_ms: runs ? Math.max(0, now - Date.parse(event.time)) : event.latency_ms,
    attributes: known,
  };
}

function inOrder(events) {
  const place = (event) => (event.role === "consolidation" ? Number.MAX_SAFE_INTEGER : event.seat_index);
  return [...events].sort((one, other) => place(one) - place(other));
}

function statusOf(outcome) {
  if (outcome === "ok") return "ok";
  return outcome === "cancelled" || outcome === "abandoned" ? "cancelled" : "error";
}

function worst(spans) {
  if (spans.some((span) => span.status === "cancelled")) return "cancelled";
  return spans.every((span) => span.status === "error") ? "error" : "ok";
}
