// A template as a form holds it and as the API takes it. The server checks it again: src/parley/wire/templates.py.

const LONGEST_NAME = 200;
const NUMBERS = ["temperature", "top_p", "max_tokens"];

export const EMPTY = {
  name: "",
  description: "",
  system: "",
  turns: [{ role: "user", text: "" }], // what is more than a role and a text stands as {json: "…"}
  model: "",
  temperature: "",
  top_p: "",
  max_tokens: "",
  others: "", // the other parameters, as JSON
  is_global: false,
};

export function fieldsOf(template) {
  const { temperature = "", top_p = "", max_tokens = "", ...others } = template.params ?? {};
  return {
    name: template.name,
    description: template.description ?? "",
    system: template.system ?? "",
    turns: template.messages.map(turnOf),
    model: template.model ?? "",
    temperature: String(temperature ?? ""),
    top_p: String(top_p ?? ""),
    max_tokens: String(max_tokens ?? ""),
    others: Object.keys(others).length > 0 ? JSON.stringify(others, null, 2) : "",
    is_global: template.is_global,
  };
}

// What the API takes; with `base`, only what is different. Fields that `faultsOf` complains of have no body.
export function bodyOf(fields, base = null) {
  const wanted = termsOf(fields);
  if (base === null) return wanted;
  const known = termsOf(base);
  return Object.fromEntries(Object.entries(wanted).filter(([name, value]) => JSON.stringify(value) !== JSON.stringify(known[name])));
}

// {field: sentence}; a turn's field is `turns.<index>`.
export function faultsOf(fields) {
  const faults = {};
  if (!fields.name.trim()) faults.name = "A template needs a name: requests call it by this.";
  else if ([...fields.name].length > LONGEST_NAME) faults.name = `A name has at most ${LONGEST_NAME} characters.`;
  fields.turns.forEach((turn, index) => {
    const fault = faultOfTurn(turn);
    if (fault) faults[`turns.${index}`] = fault;
  });
  for (const name of NUMBERS) {
    if (fields[name].trim() !== "" && !Number.isFinite(Number(fields[name]))) faults[name] = "A number; leave it empty for the model's default.";
  }
  const fault = faultOfOthers(fields.others);
  if (fault) faults.others = fault;
  return faults;
}

// Every text in which placeholders count, the system prompt first, as far as it can be read.
export const textsOf = (fields) => [fields.system, ...messagesOf(fields).flatMap(partsOf).filter((part) => "text" in part).map((part) => part.text)];

// The messages as they stand, without those whose JSON is not complete yet.
export function messagesOf(fields) {
  return fields.turns.flatMap((turn) => {
    try {
      return [messageOf(turn)];
    } catch {
      return [];
    }
  });
}

// A message's content as {text} where placeholders are filled in, and {kind} for what is none: a picture, a call.
export function partsOf({ content, tool_calls: calls = [] }) {
  const parts = typeof content === "string" ? [{ type: "text", text: content }] : Array.isArray(content) ? content : [];
  const shown = parts.map((part) => (typeof part?.text === "string" ? { text: part.text } : { kind: String(part?.type ?? "part").replace(/_url$/, "") }));
  return [...shown, ...(Array.isArray(calls) ? calls : []).map((each) => ({ kind: `call of ${each?.function?.name ?? "a tool"}` }))];
}

function turnOf(message) {
  const isPlain = typeof message.content === "string" && Object.keys(message).sort().join() === "content,role";
  return isPlain ? { role: message.role, text: message.content } : { json: JSON.stringify(message, null, 2) };
}

function messageOf(turn) {
  if (turn.json === undefined) return { role: turn.role, content: turn.text };
  const message = JSON.parse(turn.json);
  if (typeof message !== "object" || message === null || Array.isArray(message)) throw new Error("it must be an object");
  return message;
}

function termsOf(fields) {
  const params = fields.others.trim() ? JSON.parse(fields.others) : {};
  for (const name of NUMBERS) if (fields[name].trim() !== "") params[name] = Number(fields[name]);
  return {
    name: fields.name,
    description: fields.description.trim() ? fields.description : null,
    system: fields.system || null,
    messages: fields.turns.map(messageOf),
    model: fields.model.trim() || null,
    params: Object.keys(params).length > 0 ? params : null,
    is_global: fields.is_global,
  };
}

function faultOfTurn(turn) {
  try {
    messageOf(turn);
  } catch (error) {
    return `Not the JSON of a message: ${error.message}.`;
  }
  return "";
}

function faultOfOthers(text) {
  if (!text.trim()) return "";
  let params;
  try {
    params = JSON.parse(text);
  } catch (error) {
    return `Not JSON: ${error.message}.`;
  }
  if (typeof params !== "object" || params === null || Array.isArray(params)) return 'An object, such as {"seed": 7}.';
  const double = NUMBERS.find((name) => name in params);
  return double ? `${double} has a field of its own.` : "";
}
