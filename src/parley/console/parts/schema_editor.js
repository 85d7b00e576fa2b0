// A JSON Schema with a word on whether it can be one. The server has the last word, before any model is asked.
import { draft, edit } from "../ask_draft.js";
import { html } from "../html.js";

const EXAMPLE = {
  type: "object",
  properties: { verdict: { type: "string", enum: ["yes", "no"] }, confidence: { type: "number", minimum: 0, maximum: 1 } },
  required: ["verdict", "confidence"],
  additionalProperties: false,
};

export function SchemaEditor() {
  const text = draft.value.schema;
  const fault = faultIn(text);
  return html`
    <div class="wide">
      <label for="schema">Answer schema <span class="soft">JSON Schema 2020-12; every answer must fit</span></label>
      <textarea id="schema" class="mono" rows=${text ? 9 : 2} spellcheck="false" placeholder='{"type": "object", …}' value=${text}
        aria-invalid=${fault !== ""} aria-describedby="schema-fault" onInput=${(event) => edit({ schema: event.target.value })}></textarea>
      <span id="schema-fault" class=${fault ? "bad-text small" : "soft small"} role="status">${fault || (text.trim() ? "A schema for an answer." : "")}</span>
      ${!text.trim() && html`<button type="button" class="plain" onClick=${() => edit({ schema: JSON.stringify(EXAMPLE, null, 2) })}>Fill in an example</button>`}
    </div>
  `;
}

const TYPES = ["object", "array", "string", "number", "integer", "boolean", "null"];

// The first thing that is wrong, as a sentence; empty for none, and for no schema.
function faultIn(text) {
  if (!text.trim()) return "";
  let schema;
  try {
    schema = JSON.parse(text);
  } catch (error) {
    return `Not JSON: ${error.message}`;
  }
  return faultOfSchema(schema, "The schema");
}

function faultOfSchema(schema, where) {
  if (typeof schema === "boolean") return "";
  if (typeof schema !== "object" || schema === null || Array.isArray(schema)) return `${where} must be an object.`;
  for (const type of [schema.type ?? []].flat()) {
    if (!TYPES.includes(type)) return `${where} has the type ${JSON.stringify(type)}; a type is one of ${TYPES.join(", ")}.`;
  }
  if (schema.required !== undefined && !Array.isArray(schema.required)) return `${where}: required must be a list of names.`;
  for (const [name, inner] of Object.entries(schema.properties ?? {})) {
    const fault = faultOfSchema(inner, `Property ${name}`);
    if (fault) return fault;
  }
  return schema.items === undefined ? "" : faultOfSchema(schema.items, `${where}'s items`);
}
