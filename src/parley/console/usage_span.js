// Which days the Usage page shows, from the query of its place: `days=7`, or `from=…&to=…`, both included. Days are UTC's.
const DAY_MS = 86_400_000;
const MOST_DAYS = 366; // what the server sums up at once
const USUAL_DAYS = 30;

export const SPANS = [7, 30, 90];
export const dayOf = (ms) => new Date(ms).toISOString().slice(0, 10);
export const dayNumber = (day) => Date.parse(`${day}T00:00:00Z`) / DAY_MS;
export const dayAt = (number) => dayOf(number * DAY_MS);

// {from, to, days, isCustom, fault}: `fault` is a sentence where the span can't be shown.
export function spanOf(query, now = Date.now()) {
  const today = dayNumber(dayOf(now));
  if (query.has("from") || query.has("to")) return custom(query.get("from") ?? "", query.get("to") || dayAt(today));
  const asked = Number(query.get("days"));
  const days = SPANS.includes(asked) ? asked : USUAL_DAYS;
  return { from: dayAt(today - days + 1), to: dayAt(today), days, isCustom: false, fault: "" };
}

function custom(from, to) {
  const days = dayNumber(to) - dayNumber(from) + 1;
  return { from, to, days, isCustom: true, fault: faultOf(from, to, days) };
}

function faultOf(from, to, days) {
  if (Number.isNaN(days)) return "Give the first and the last day, as in 2026-11-22.";
  if (days < 1) return `The first day, ${from}, is after the last, ${to}: choose an earlier one.`;
  if (days > MOST_DAYS) return `These are ${days} days; at most ${MOST_DAYS} can be summed up at once.`;
  return "";
}

// What the span is to POST /v1/usage, whose `until` is not included.
export const boundsOf = ({ from, to }) => ({ since: `${from}T00:00:00Z`, until: `${dayAt(dayNumber(to) + 1)}T00:00:00Z` });

// "22 Nov"; with the year, "22 Nov 2026".
export function dayTitle(day, hasYear = false) {
  const options = { day: "numeric", month: "short", timeZone: "UTC", ...(hasYear && { year: "numeric" }) };
  return new Date(`${day}T00:00:00Z`).toLocaleDateString("en-GB", options);
}
