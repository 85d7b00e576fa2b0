// A template taken over into the Ask form. Ask puts one question to models of its own choice, so that not everything fits.
import { messagesOf, partsOf } from "./template_form.js";
import { filled } from "./template_text.js";

const SEAT_PARAMS = { temperature: "temperature", top_p: "top_p", max_tokens: "max_tokens", max_completion_tokens: "max_tokens" };
const EFFORTS = ["low", "medium", "high", "max"];
const TITLES = { user: "User", assistant: "Assistant", tool: "Tool" };

// {fields, left}: what the Ask draft becomes, and what has no place there. `seats`: those of the draft, for a template without a model.
export function askOf(template, values, seats) {
  const left = [];
  const instructions = [filled(template.system, values)];
  const turns = [];
  for (const message of messagesOf(template)) {
    const parts = partsOf(message);
    left.push(...parts.filter((part) => part.kind).map((part) => part.kind));
    const text = parts.filter((part) => part.text !== undefined).map((part) => filled(part.text, values)).join("\n\n");
    if (message.role === "system" || message.role === "developer") instructions.push(text);
    else turns.push({ role: message.role, text });
  }
  const { overrides, schema, rest } = sorted(paramsOf(template));
  const chosen = template.model.trim() ? [{ name: template.model.trim() }] : seats;
  const fields = {
    input: written(turns),
    instructions: instructions.filter(Boolean).join("\n\n"),
    seats: chosen.map((seat) => ({ ...overrides, ...seat })).map(({ name, ...others }) => ({ name, ...others })),
    schema: schema ? JSON.stringify(schema, null, 2) : "",
  };
  return { fields, left: [...new Set([...left, ...rest])] };
}

// One turn as it is; several under the names of who speaks.
function written(turns) {
  if (turns.length === 1 && turns[0].role === "user") return turns[0].text;
  return turns.map(({ role, text }) => `${TITLES[role] ?? role}: ${text}`).join("\n\n");
}

function paramsOf({ others, temperature, top_p: topP, max_tokens: most }) {
  const params = {};
  try {
    Object.assign(params, JSON.parse(others.trim() || "{}"));
  } catch {
    // the form says that it is no JSON
  }
  for (const [name, text] of Object.entries({ temperature, top_p: topP, max_tokens: most })) {
    if (text.trim() !== "") params[name] = Number(text);
  }
  return params;
}

function sorted(params) {
  const overrides = {};
  const rest = [];
  let schema = null;
  for (const [name, value] of Object.entries(params)) {
    if (value === null) continue;
    if (SEAT_PARAMS[name]) overrides[SEAT_PARAMS[name]] = value;
    else if (name === "reasoning_effort" && EFFORTS.includes(value)) overrides.reasoning = value;
    else if (name === "response_format" && value.json_schema?.schema) schema = value.json_schema.schema;
    else rest.push(name);
  }
  return { overrides, schema, rest };
}
