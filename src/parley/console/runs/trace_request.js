// From a trace back to the request that left it: what this tab has sent, else what the spans tell.
import { asked } from "../asked.js";

const RESOLUTIONS = { none: "fast", summary: "summary", comparison: "summary", vote: "multiple_choice" };
const SAMPLING = { "gen_ai.request.temperature": "temperature", "gen_ai.request.top_p": "top_p", "gen_ai.request.max_tokens": "max_tokens" };

// The ids of a trace's requests, in the order of their begin.
export const requestIds = (spans) => [...new Set(spans.map((span) => span.request_id))];

// What can be asked again: {body, comparison, hasQuestion, gaps}. `body` is for POST /v3/roundtable, `comparison` for the compare
// API if the request was one, `gaps` are sentences on what they can't hold.
export function requestBehind(spans, requestId) {
  const mine = spans.filter((span) => span.request_id === requestId);
  const calls = mine.filter((span) => "parley.role" in span.attributes && !("parley.attempt" in span.attributes));
  const seats = calls.filter((span) => span.attributes["parley.role"] !== "consolidation");
  const judge = calls.find((span) => span.attributes["parley.role"] === "consolidation")?.attributes["gen_ai.request.model"];
  const root = mine.find((span) => "parley.api" in span.attributes)?.attributes ?? {};
  const own = asked(requestId);
  if (own?.path === "v3/roundtable") return { body: own.body, comparison: null, hasQuestion: Boolean(own.body.input), gaps: [] };

  const messages = own?.body.messages ?? messagesOf(seats[0]);
  const body = { models: seats.map(seatOf), resolution: RESOLUTIONS[root["parley.resolution"]] ?? "fast", ...questionIn(messages) };
  if (judge && body.resolution === "summary") body.summary_model = judge;
  const comparison = root["parley.api"] === "compare" ? (own?.body ?? comparisonOf(messages, body)) : null;
  return { body, comparison, hasQuestion: body.input !== "", gaps: gapsIn(body, comparison ? [] : messages) };
}

function comparisonOf(messages, { models, summary_model: judge }) {
  const known = messages.map((message) => ({ role: message.role, content: textOf(message) }));
  const body = { models: models.map((seat) => seat.name), messages: known.length > 0 ? known : [{ role: "user", content: "" }] };
  return judge ? { ...body, comparison_model: judge } : { ...body, skip_comparison: true };
}

function gapsIn(body, messages) {
  const gaps = [];
  if (!body.input) gaps.push("The question isn't known: the server keeps no prompts, and this tab didn't send it.");
  if (body.input.endsWith("…")) gaps.push("The server may have kept the question's beginning alone.");
  if (messages.filter((message) => message.role !== "system").length > 1) gaps.push("Of the conversation, only the last question is taken.");
  if (body.resolution === "multiple_choice") gaps.push("A trace doesn't keep the choices of a vote.");
  return gaps;
}

function seatOf(span) {
  const seat = { name: span.attributes["gen_ai.request.model"] };
  for (const [attribute, field] of Object.entries(SAMPLING)) {
    if (span.attributes[attribute] !== undefined) seat[field] = Number(span.attributes[attribute]);
  }
  return seat;
}

// The messages that a span retains, empty where it retains none.
export function messagesOf(span, name = "gen_ai.input.messages") {
  try {
    const found = JSON.parse(span?.attributes[name] ?? "[]");
    return Array.isArray(found) ? found : [];
  } catch {
    return [];
  }
}

// The text of a message, as a request or a span holds it.
export function textOf(message) {
  const parts = message.parts ?? message.content ?? [];
  if (typeof parts === "string") return parts;
  return parts.filter((part) => part.type === "text").map((part) => part.text ?? part.content ?? "").join("\n\n");
}

function questionIn(messages) {
  const question = messages.findLast((message) => message.role === "user");
  const system = messages.filter((message) => message.role === "system").map(textOf).join("\n\n");
  return { input: question ? textOf(question) : "", ...(system && { instructions: system }) };
}
