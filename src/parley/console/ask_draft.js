// What stands in the Ask form. It outlives a change of page, and a reload in this tab; prompts are stored nowhere else.
import { effect, signal } from "./html.js";

const STORED = "parley.ask";

const EMPTY = {
  input: "",
  seats: ["sandbox/terse", "sandbox/thorough", "sandbox/contrarian"].map((name) => ({ name })),
  resolution: "summary",
  choices: ["yes", "no"],
  instructions: "",
  schema: "",
  judge: "",
  timeout_ms: "",
  max_retries: "",
};

export const draft = signal({ ...EMPTY, ...restored() });

effect(() => store(draft.value));

export function edit(fields) {
  draft.value = { ...draft.value, ...fields };
}

// Fills the form from a request body, so that a run can be asked again.
export function openRequest(body) {
  draft.value = {
    ...EMPTY,
    input: body.input ?? "",
    seats: (body.models ?? []).map((seat) => (typeof seat === "string" ? { name: seat } : seat)),
    resolution: body.resolution ?? "summary",
    choices: body.choices ?? EMPTY.choices,
    instructions: body.instructions ?? "",
    schema: body.output_schema ? JSON.stringify(body.output_schema, null, 2) : "",
    judge: body.summary_model ?? "",
    timeout_ms: body.timeout_ms ?? "",
    max_retries: body.max_retries ?? "",
  };
}

// The request body of the draft. Throws a sentence if the schema is no JSON.
export function requestOf(fields) {
  const body = { input: fields.input, models: fields.seats.map(seatOf), resolution: fields.resolution };
  if (fields.resolution === "multiple_choice") body.choices = fields.choices.filter((choice) => choice.trim() !== "");
  if (fields.instructions.trim()) body.instructions = fields.instructions;
  if (fields.schema.trim() && fields.resolution !== "multiple_choice") body.output_schema = parsed(fields.schema);
  if (fields.judge && fields.resolution !== "fast") body.summary_model = fields.judge;
  if (fields.timeout_ms !== "") body.timeout_ms = Number(fields.timeout_ms);
  if (fields.max_retries !== "") body.max_retries = Number(fields.max_retries);
  return body;
}

// A seat without overrides is a bare name.
const seatOf = (seat) => (Object.keys(seat).length === 1 ? seat.name : seat);

// What stops the draft from being asked, as a sentence; empty if nothing does.
export function faultOf(fields) {
  if (!fields.input.trim()) return "Write a question first.";
  if (fields.seats.length === 0) return "Add at least one model.";
  if (fields.resolution === "multiple_choice") {
    const choices = fields.choices.filter((choice) => choice.trim() !== "");
    if (choices.length < 2) return "A vote needs at least two choices.";
    if (new Set(choices).size < choices.length) return "Two choices are the same.";
  }
  try {
    requestOf(fields);
  } catch (error) {
    return error.message;
  }
  return "";
}

function parsed(text) {
  let value;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new Error(`The schema is not JSON: ${error.message}`);
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw new Error("The schema must be a JSON object.");
  return value;
}

function store(fields) {
  try {
    sessionStorage.setItem(STORED, JSON.stringify(fields));
  } catch {
    sessionStorage.removeItem(STORED); // no room is left: it stays as long as the page does
  }
}

function restored() {
  try {
    return JSON.parse(sessionStorage.getItem(STORED) ?? "{}");
  } catch {
    return {}; // another version's draft
  }
}
