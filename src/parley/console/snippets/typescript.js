// The request with Parley's library for TypeScript and JavaScript.
import { hex, listed, visibly } from "./text.js";

const STEP = "  ";

export function typescript(path, body, base) {
  return `// npm install parley-client
// PARLEY_URL=${base} and PARLEY_API_KEY come from the environment.
import { Parley } from "parley-client";

const client = new Parley();
${path === "v1/chat/compare" ? comparison(body) : roundtable(body)}`;
}

function roundtable(body) {
  return `const answer = await client.roundtable.create({
${given(body)}
});

for (const seat of answer.model_results) console.log(seat.model, seat.data ?? seat.error);
${body.resolution === "fast" ? "" : "console.log(answer.data);\n"}`;
}

function comparison(body) {
  return `const comparison = await client.compare.create({
${given(body)}
});

for (const result of comparison.results) console.log(result.model, result.content ?? result.error);
${body.skip_comparison ? "" : "console.log(comparison.comparison);\n"}`;
}

const given = (body) => Object.entries(body).map(([field, value]) => `${STEP}${field}: ${literal(value, STEP)},`).join("\n");

function literal(value, indent) {
  if (typeof value === "string") return text(value);
  if (typeof value !== "object" || value === null) return String(value);
  const layout = { indent, step: STEP };
  const inner = indent + STEP;
  if (Array.isArray(value)) return listed("[]", value.map((item) => literal(item, inner)), layout);
  const items = Object.entries(value).map(([field, item]) => `${name(field)}: ${literal(item, inner)}`);
  return listed("{}", items, { ...layout, pad: " " });
}

function name(field) {
  if (field === "__proto__") return '["__proto__"]'; // bare or quoted it would name the prototype
  return /^[A-Za-z_$][\w$]*$/.test(field) ? field : text(field);
}

const NAMED = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };

// `</script` and `<!--` are written so that the code may also stand in a page.
function text(value) {
  const quoted = value.replace(/[\\"]/g, "\\$&").replace(/[\n\r\t]/g, (letter) => NAMED[letter]).replace(/<(?=\/script|!--)/gi, "\\x3c");
  return `"${visibly(quoted, (code) => (code > 0xffff ? `\\u{${hex(code, 1)}}` : `\\u${hex(code, 4)}`))}"`;
}
