// The request with Parley's library for Python.
import { hex, listed, visibly } from "./text.js";

const STEP = "    ";

export function python(path, body, base) {
  return `# pip install parley-client
# PARLEY_URL=${base} and PARLEY_API_KEY come from the environment.
from parley_client import Parley

with Parley() as client:
${path === "v1/chat/compare" ? comparison(body) : roundtable(body)}`;
}

function roundtable(body) {
  return `    answer = client.roundtable.create(
${given(body)}
    )

for seat in answer.model_results:
    print(f"{seat.model}: {seat.error if seat.data is None else seat.data}")
${body.resolution === "fast" ? "" : "print(answer.data)\n"}`;
}

function comparison(body) {
  return `    comparison = client.compare.create(
${given(body)}
    )

for result in comparison.results:
    print(f"{result.model}: {result.error if result.content is None else result.content}")
${body.skip_comparison ? "" : "print(comparison.comparison)\n"}`;
}

const given = (body) =>
  Object.entries(body).map(([name, value]) => `${STEP}${STEP}${name}=${literal(value, STEP + STEP)},`).join("\n");

function literal(value, indent) {
  if (value === null) return "None";
  if (value === true) return "True";
  if (value === false) return "False";
  if (typeof value === "string") return text(value);
  if (typeof value === "number") return String(value);
  const layout = { indent, step: STEP };
  const inner = indent + STEP;
  if (Array.isArray(value)) return listed("[]", value.map((item) => literal(item, inner)), layout);
  return listed("{}", Object.entries(value).map(([name, item]) => `${text(name)}: ${literal(item, inner)}`), layout);
}

const NAMED = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };

function text(value) {
  const quoted = value.replace(/[\\"]/g, "\\$&").replace(/[\n\r\t]/g, (letter) => NAMED[letter]);
  return `"${visibly(quoted, (code) => (code > 0xffff ? `\\U${hex(code, 8)}` : `\\u${hex(code, 4)}`))}"`;
}
