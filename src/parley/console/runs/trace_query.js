// The filters of the list of runs: as they stand behind the #, and as the API takes them.
const PAGE_SIZE = 25;

export const KINDS = [
  { value: "", title: "Every kind" },
  { value: "roundtable", title: "Roundtable" },
  { value: "roundtable summary", title: "Roundtable, merged" },
  { value: "roundtable vote", title: "Roundtable, vote" },
  { value: "compare", title: "Comparison" },
  { value: "chat", title: "Chat" },
];
export const STATES = [
  { value: "", title: "Every state" },
  { value: "ok", title: "Answered" },
  { value: "error", title: "Failed" },
  { value: "cancelled", title: "Cancelled" },
];
const HOUR_MS = 3_600_000;
export const SPANS = [
  { value: "", title: "Any time" },
  { value: "1h", title: "Last hour", ms: HOUR_MS },
  { value: "24h", title: "Last 24 hours", ms: 24 * HOUR_MS },
  { value: "7d", title: "Last 7 days", ms: 7 * 24 * HOUR_MS },
  { value: "30d", title: "Last 30 days", ms: 30 * 24 * HOUR_MS },
  { value: "between", title: "Between…" },
];
const FILTERS = ["kind", "model", "state", "key", "when", "from", "to"];

export const isFiltered = (query) => FILTERS.some((name) => query.get(name));
export const pageOf = (query) => Math.max(1, Number.parseInt(query.get("page") ?? "1", 10) || 1);
export const cleared = Object.fromEntries([...FILTERS, "page"].map((name) => [name, ""]));

// The path to GET for this place; `now` is what "last hour" counts from.
export function listPath(query, now = Date.now()) {
  const sent = new URLSearchParams({ include: "calls", limit: PAGE_SIZE, offset: (pageOf(query) - 1) * PAGE_SIZE });
  const add = (name, value) => value && sent.set(name, value);
  add("name", query.get("kind"));
  add("model", query.get("model"));
  add("status", query.get("state"));
  add("key_id", query.get("key"));
  const span = SPANS.find((each) => each.value === query.get("when"));
  if (span?.ms) add("since", new Date(now - span.ms).toISOString());
  if (span?.value === "between") {
    add("since", utc(query.get("from")));
    add("until", utc(query.get("to")));
  }
  return `v3/traces?${sent}`;
}

// Where page `number` of the same list is.
export function pageHref(query, number) {
  const changed = new URLSearchParams(query);
  if (number > 1) changed.set("page", number);
  else changed.delete("page");
  return `#/runs${changed.size > 0 ? `?${changed}` : ""}`;
}

// A time of this device's clock, as <input type="datetime-local"> gives it, in UTC; what is no time goes as it stands, so that
// the server says what is wrong with it.
function utc(local) {
  if (!local) return "";
  const time = new Date(local);
  return Number.isNaN(time.getTime()) ? local : time.toISOString();
}
