// The request with Parley's library for Java.
import { listed, units, visibleJson, visibly } from "./text.js";

const INDENT = " ".repeat(16);
const STEP = " ".repeat(8);
const MOST_LITERAL = 20_000; // characters; a constant has at most 65,535 bytes, and some characters take three

export function java(path, body, base) {
  const { name, imports, request, print } = path === "v1/chat/compare" ? comparison(body) : roundtable(body);
  return `// Maven: dev.parley:parley-client:0.1.0
// PARLEY_URL=${base} and PARLEY_API_KEY come from the environment.
${used(imports, request)}
public class ${name} {
    public static void main(String[] arguments) {
        var request = ${request};
${print}    }
}
`;
}

function roundtable(body) {
  const { input, models, ...rest } = body;
  const isPlain = models.every((seat) => typeof seat === "string");
  const calls = present(rest, {
    resolution: (value) => `.resolution(Resolution.${value.toUpperCase()})`,
    choices: (value) => call("choices", value.map(text)),
    instructions: (value) => `.instructions(${text(value)})`,
    output_schema: (value) => `.set("output_schema", JsonMapper.shared().readTree(${jsonText(value)}))`,
    summary_model: (value) => `.summaryModel(${text(value)})`,
    max_retries: (value) => `.maxRetries(${value})`,
    timeout_ms: (value) => `.timeoutMs(${value})`,
  });
  const panel = isPlain ? "" : `\n${INDENT}.set("models", ${list(models.map(seat))})`;
  const shown = body.output_schema === undefined ? "seat.data().asString()" : "seat.data()";
  const merged = body.output_schema === undefined ? "answer.data() == null ? null : answer.data().asString()" : "answer.data()";
  return {
    name: "Ask",
    imports: [...COMMON, "dev.parley.client.RoundtableRequest", "dev.parley.client.RoundtableRequest.Reasoning",
      "dev.parley.client.RoundtableRequest.Resolution", "dev.parley.client.RoundtableRequest.Seat"],
    request: listed(["RoundtableRequest.of(", ")"], [text(input), ...(isPlain ? models.map(text) : [])], LAYOUT) + panel + chained(calls),
    print: `        var answer = Parley.create().roundtable().create(request);
        for (var seat : answer.modelResults()) {
            System.out.println(seat.model() + ": " + (seat.data() == null ? seat.error() : ${shown}));
        }
${body.resolution === "fast" ? "" : `        System.out.println(${merged});\n`}`,
  };
}

function comparison(body) {
  const { models, ...rest } = body;
  const calls = present(rest, {
    messages: (value) => call("messages", value.map(message)),
    model_overrides: (value) => call("modelOverrides", value.map(override)),
    comparison_model: (value) => `.comparisonModel(${text(value)})`,
    comparison_instructions: (value) => `.comparisonInstructions(${text(value)})`,
    temperature: (value) => `.temperature(${value})`,
    max_tokens: (value) => `.maxTokens(${value})`,
    skip_comparison: (value) => `.skipComparison(${value})`,
    cache: (value) => `.cache(${value})`,
    template: (value) => `.set("template", ${text(value)})`,
    variables: (value) => `.set("variables", ${map(Object.entries(value).map(([name, given]) => [name, text(given)]))})`,
  });
  return {
    name: "Compare",
    imports: [...COMMON, "dev.parley.client.CompareRequest", "dev.parley.client.CompareRequest.ModelOverride", "dev.parley.client.Message"],
    request: `new CompareRequest(Map.of("models", ${list(models.map(text))}))${chained(calls)}`,
    print: `        var comparison = Parley.create().compare().create(request);
        for (var result : comparison.results()) {
            System.out.println(result.model() + ": " + (result.content() == null ? result.error() : result.content()));
        }
${body.skip_comparison ? "" : "        System.out.println(comparison.comparison());\n"}`,
  };
}

const LAYOUT = { indent: INDENT, step: STEP, lastComma: "" };
const COMMON = ["dev.parley.client.Parley", "java.util.List", "java.util.Map", "tools.jackson.databind.json.JsonMapper"];

// The imports that the request needs; Parley itself is named outside of it.
function used(imports, request) {
  const code = request.replace(/"[^"\\]*(?:\\.[^"\\]*)*"/g, '""');
  const isUsed = (name) => name.endsWith(".Parley") || new RegExp(`\\b${name.split(".").at(-1)}\\b`).test(code);
  return imports.filter(isUsed).sort().map((name) => `import ${name};\n`).join("");
}

const present = (body, writers) => Object.entries(body).map(([name, value]) => writers[name](value));
const chained = (calls) => calls.map((each) => `\n${INDENT}${each}`).join("");
const call = (name, items) => listed([`.${name}(`, ")"], items, LAYOUT);
const list = (items) => listed(["List.of(", ")"], items, LAYOUT);
const map = (pairs) => `Map.ofEntries(${pairs.map(([name, value]) => `Map.entry(${text(name)}, ${value})`).join(", ")})`;

function seat(each) {
  if (typeof each === "string") return text(each);
  const { name, temperature = null, max_tokens = null, top_p = null, reasoning } = each;
  const level = reasoning === undefined ? null : `Reasoning.${reasoning.toUpperCase()}`;
  return `new Seat(${text(name)}, ${float(temperature)}, ${max_tokens}, ${float(top_p)}, ${level})`;
}

function override({ model, temperature = null, max_tokens = null, system_prompt }) {
  const prompt = system_prompt === undefined ? null : text(system_prompt);
  return `new ModelOverride(${text(model)}, ${float(temperature)}, ${max_tokens}, ${prompt})`;
}

function message({ role, content }) {
  return `Message.${role}(${typeof content === "string" ? text(content) : `List.of(${content.map(part).join(", ")})`})`;
}

function part(each) {
  if (each.type === "text") return `Map.of("type", "text", "text", ${text(each.text)})`;
  return `Map.of("type", "image_url", "image_url", Map.of("url", ${text(each.image_url.url)}))`;
}

// A whole number is no Double.
const float = (number) => (Number.isInteger(number) ? `${number}.0` : String(number));

// As a text block, so that the order of its members stays, which models follow.
function jsonText(value) {
  const json = ascii(visibleJson(value, 2)).replaceAll("\\", "\\\\");
  if (json.length > MOST_LITERAL) return text(JSON.stringify(value));
  const inner = INDENT + STEP;
  return `"""\n${inner}${json.replaceAll("\n", `\n${inner}`)}\n${inner}"""`;
}

const NAMED = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };

function text(value) {
  const pieces = value.match(new RegExp(`[^]{1,${MOST_LITERAL}}`, "g")) ?? [""];
  const quoted = pieces.map((piece) => `"${escaped(piece)}"`);
  return quoted.length === 1 ? quoted[0] : `String.join("", ${quoted.join(", ")})`;
}

// Java reads \uXXXX before all else, as if the letter stood there: controls must be octal.
function escaped(value) {
  const quoted = value.replace(/[\\"]/g, "\\$&").replace(/[\n\r\t]/g, (letter) => NAMED[letter]);
  return ascii(visibly(quoted, (code) => (code < 0x20 ? `\\${code.toString(8).padStart(3, "0")}` : units(code))));
}

// Java 17 reads its sources in the encoding of the machine.
const ascii = (value) => value.replace(/[^\x00-\x7f]/gu, (letter) => units(letter.codePointAt(0)));
