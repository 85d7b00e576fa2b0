// A trace's spans as the rows of a waterfall: requests, beneath them seats and judges, beneath those their attempts.

// Returns {rows, wholeMs}: each row with its depth, its offset on the common axis of `wholeMs`, and what is known about it.
export function rowsOf(spans) {
  if (spans.length === 0) return { rows: [], wholeMs: 0 };
  const begin = Math.min(...spans.map((span) => timeOf(span.start_time)));
  const rows = ordered(spans).map(({ span, depth, before }) => rowOf(span, depth, before, begin));
  const tries = grouped(rows.filter((row) => row.kind === "attempt"), (row) => keyOf(row, row.parentId));
  rows.forEach((row) => borrowFirstToken(row, tries.get(keyOf(row, row.id)) ?? []));
  const wholeMs = Math.max(...rows.map((row) => row.startMs + row.durationMs));
  // A single try tells nothing that its seat's row does not.
  const isSaidAbove = (row) => row.kind === "attempt" && row.depth > 0 && tries.get(keyOf(row, row.parentId)).length === 1;
  return { rows: rows.filter((row) => !isSaidAbove(row)), wholeMs };
}

// A span with its attributes read, whatever its place.
function rowOf(span, depth, before, begin) {
  const known = span.attributes ?? {};
  const kind = kindOf(known);
  const prefix = kind === "attempt" ? "parley.usage." : "gen_ai.usage.";
  const read = known[`${prefix}input_tokens`];
  const written = known[`${prefix}output_tokens`];
  return {
    id: span.id,
    parentId: span.parent_id,
    requestId: span.request_id,
    kind,
    depth,
    seat: kind === "request" ? null : (known["parley.seat_index"] ?? null),
    isJudge: known["parley.role"] === "consolidation",
    title: titleOf(span, kind, known),
    note: noteOf(kind, known, before?.attributes),
    status: span.status,
    code: known["error.type"] ?? "",
    startMs: timeOf(span.start_time) - begin,
    durationMs: span.duration_ms,
    firstTokenMs: known["parley.first_token_ms"] ?? secondsOf(known["gen_ai.response.time_to_first_chunk"]),
    usage: read === undefined && written === undefined ? null : { input_tokens: read, output_tokens: written },
    isEstimate: known["parley.usage.estimated"] === true,
    cost: known["parley.cost_usd"] ?? null,
    attributes: known,
  };
}

// Every span once: those without a known parent first, each followed by what is beneath it.
function ordered(spans) {
  const spanKey = (span, id) => `${span.request_id} ${id}`;
  const ids = new Set(spans.map((span) => spanKey(span, span.id)));
  const children = grouped(spans, (span) => (ids.has(spanKey(span, span.parent_id)) ? spanKey(span, span.parent_id) : ""));
  const found = [];
  const walk = (siblings, depth) =>
    siblings.forEach((span, index) => {
      found.push({ span, depth, before: siblings[index - 1] });
      walk(children.get(spanKey(span, span.id)) ?? [], depth + 1);
    });
  walk(children.get("") ?? [], 0);
  return found;
}

function kindOf(known) {
  if ("parley.attempt" in known) return "attempt";
  if (known["parley.role"] === "consolidation") return "judge";
  return "parley.role" in known ? "seat" : "request";
}

function titleOf(span, kind, known) {
  if (kind === "request") return span.name;
  if (kind === "attempt") return known["gen_ai.request.model"] ?? span.name;
  return known["gen_ai.request.model"] ?? known["parley.model"] ?? span.name;
}

// What a row is beside its model. `before` are the attributes of the attempt before it.
function noteOf(kind, known, before) {
  const provider = known["parley.provider"] ?? "";
  if (kind === "attempt") {
    if (known["parley.attempt"] === 1) return `first try, ${provider}`;
    const isSame = before && ["parley.provider", "gen_ai.request.model"].every((name) => before[name] === known[name]);
    return isSame ? `retry ${known["parley.attempt"] - 1}, ${provider}` : `fallback to ${provider}`;
  }
  if (kind === "request") return requestNote(known);
  const answered = known["parley.model"];
  const parts = [kind === "judge" ? "judge" : known["parley.role"] === "chat" ? "" : `seat ${known["parley.seat_index"] + 1}`];
  if (answered && answered !== known["gen_ai.request.model"]) parts.push(`answered by ${answered}`);
  if (known["parley.cached"]) parts.push("from the cache");
  if (known["parley.judges"] > 1) parts.push(`${known["parley.judges"]} judges were tried`);
  if (known["parley.fallback"]) parts.push("no judge answered: a fallback was used");
  if (known["parley.tie_break"]) parts.push(`the tie was settled by ${known["parley.tie_break"] === "judge" ? "the judge" : "the order of the seats"}`);
  return parts.filter(Boolean).join(", ");
}

function requestNote(known) {
  const parts = [];
  if (known["parley.streamed"]) parts.push("streamed");
  if (known["parley.outcome"] === "partial") parts.push("not every seat answered");
  return parts.join(", ");
}

// The judge's span does not say when its first token came; its last attempt does.
function borrowFirstToken(row, tries) {
  const last = tries.findLast((attempt) => attempt.firstTokenMs !== null);
  if (last && row.firstTokenMs === null) row.firstTokenMs = last.startMs - row.startMs + last.firstTokenMs;
}

const keyOf = (row, id) => `${row.requestId} ${id}`;

function grouped(items, keyFor) {
  const groups = new Map();
  for (const item of items) {
    const group = groups.get(keyFor(item));
    if (group) group.push(item);
    else groups.set(keyFor(item), [item]);
  }
  return groups;
}

const secondsOf = (seconds) => (seconds === undefined ? null : seconds * 1000);

// Milliseconds since 1970 with their fraction: Date.parse alone stops at whole ones, and a fast seat takes less.
function timeOf(text) {
  return Date.parse(text) + (Number(text.slice(23, 26)) || 0) / 1000;
}

// Some four times between 0 and `wholeMs` that are round numbers.
export function ticksOf(wholeMs) {
  if (!(wholeMs > 0)) return [0];
  const rough = wholeMs / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((each) => each * power).find((each) => each >= rough);
  return Array.from({ length: Math.floor(wholeMs / step) + 1 }, (_, index) => index * step);
}
