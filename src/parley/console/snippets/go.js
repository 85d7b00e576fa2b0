// The request with Parley's library for Go, laid out as gofmt does.
import { hex, listed, visibleJson, visibly } from "./text.js";

const STEP = "\t";
const INDENT = "\t\t";
const RESOLUTIONS = { summary: "Summary", fast: "Fast", multiple_choice: "MultipleChoice" };

export function go(path, body, base) {
  const { type, service, fields, print } = path === "v1/chat/compare" ? comparison(body) : roundtable(body);
  return `// go get parley.dev/clients/go@v0.1.0
// PARLEY_URL=${base} and PARLEY_API_KEY come from the environment.
package main

import (
	"context"
${body.output_schema === undefined ? "" : '\t"encoding/json"\n'}	"fmt"
	"log"

	parley "parley.dev/clients/go"
)

func main() {
	client, err := parley.New()
	if err != nil {
		log.Fatal(err)
	}
	result, err := client.${service}.Create(context.Background(), parley.${type}{
${aligned(fields)}
	})
	if err != nil {
		log.Fatal(err)
	}
${print}}
`;
}

function roundtable(body) {
  const merged = body.resolution === "fast" ? "" : "\tfmt.Println(result.Data)\n";
  return {
    type: "RoundtableRequest",
    service: "Roundtable",
    fields: present(body, {
      input: (value) => ["Input", text(value)],
      models: (value) => ["Models", seats(value)],
      resolution: (value) => ["Resolution", `parley.Resolution${RESOLUTIONS[value]}`],
      choices: (value) => ["Choices", texts(value)],
      instructions: (value) => ["Instructions", text(value)],
      output_schema: (value) => ["OutputSchema", `json.RawMessage(\`${rawJson(value)}\`)`],
      summary_model: (value) => ["SummaryModel", text(value)],
      max_retries: (value) => ["MaxRetries", `parley.Ptr(${value})`],
      timeout_ms: (value) => ["TimeoutMS", String(value)],
    }),
    print: `	for _, seat := range result.ModelResults {
		fmt.Printf("%s: %v%s\\n", seat.Model, seat.Data, seat.Error)
	}
${merged}`,
  };
}

function comparison(body) {
  const evaluation = body.skip_comparison ? "" : "\tfmt.Println(result.Comparison)\n";
  return {
    type: "CompareRequest",
    service: "Compare",
    fields: present(body, {
      models: (value) => ["Models", texts(value)],
      messages: (value) => ["Messages", items("[]parley.Message", value.map(message))],
      model_overrides: (value) => ["ModelOverrides", items("[]parley.ModelOverride", value.map(override))],
      comparison_model: (value) => ["ComparisonModel", text(value)],
      comparison_instructions: (value) => ["ComparisonInstructions", text(value)],
      temperature: (value) => ["Temperature", `parley.Ptr(${float(value)})`],
      max_tokens: (value) => ["MaxTokens", String(value)],
      skip_comparison: (value) => ["SkipComparison", String(value)],
      cache: (value) => ["Cache", String(value)],
      template: (value) => ["Template", text(value)],
      variables: (value) => ["Variables", variables(value)],
    }),
    print: `	for _, row := range result.Results {
		fmt.Printf("%s: %s%s\\n", row.Model, row.Content, row.Error)
	}
${evaluation}`,
  };
}

const present = (body, writers) => Object.entries(body).map(([name, value]) => writers[name](value));

// gofmt lines up the values of fields that follow each other, where each stands in one line.
function aligned(fields) {
  const isLine = (field) => field !== undefined && !field[1].includes("\n");
  return fields.map((field, index) => {
    if (!isLine(field)) return `${INDENT}${field[0]}: ${field[1]},`;
    let from = index;
    let to = index;
    while (isLine(fields[from - 1])) from -= 1;
    while (isLine(fields[to + 1])) to += 1;
    const widest = Math.max(...fields.slice(from, to + 1).map(([name]) => name.length));
    return `${INDENT}${`${field[0]}:`.padEnd(widest + 1)} ${field[1]},`;
  }).join("\n");
}

const items = (type, list) => type + listed("{}", list, { indent: INDENT, step: STEP });
const texts = (list) => items("[]string", list.map(text));
const fieldsOf = (pairs) => `{${pairs.filter(([, value]) => value !== undefined).map((pair) => pair.join(": ")).join(", ")}}`;
const when = (value, write) => (value === undefined ? undefined : write(value));

function seats(list) {
  if (list.every((seat) => typeof seat === "string")) {
    return listed(["parley.Seats(", ")"], list.map(text), { indent: INDENT, step: STEP });
  }
  return items("[]parley.Seat", list.map((seat) => (typeof seat === "string" ? fieldsOf([["Name", text(seat)]]) : seatOf(seat))));
}

const seatOf = (seat) => fieldsOf([
  ["Name", text(seat.name)],
  ["Temperature", when(seat.temperature, (value) => `parley.Ptr(${float(value)})`)],
  ["MaxTokens", seat.max_tokens],
  ["TopP", when(seat.top_p, (value) => `parley.Ptr(${float(value)})`)],
  ["Reasoning", when(seat.reasoning, text)],
]);

const override = (each) => fieldsOf([
  ["Model", text(each.model)],
  ["Temperature", when(each.temperature, (value) => `parley.Ptr(${float(value)})`)],
  ["MaxTokens", each.max_tokens],
  ["SystemPrompt", when(each.system_prompt, (value) => `parley.Ptr(${text(value)})`)],
]);

const MESSAGES = { system: "SystemMessage", user: "UserMessage", assistant: "AssistantMessage" };

function message({ role, content }) {
  const said = typeof content === "string" ? text(content) : `[]parley.Part{${content.map(part).join(", ")}}`;
  return `parley.${MESSAGES[role]}(${said})`;
}

function part(each) {
  if (each.type === "text") return `{Type: "text", Text: ${text(each.text)}}`;
  return `{Type: "image_url", ImageURL: &parley.ImageURL{URL: ${text(each.image_url.url)}}}`;
}

// In one line, where gofmt has nothing to line up.
const variables = (given) => `map[string]string{${Object.entries(given).map(([name, value]) => `${text(name)}: ${text(value)}`).join(", ")}}`;

// A whole number would be an int.
const float = (number) => (Number.isInteger(number) ? `${number}.0` : String(number));

// Go's raw texts hold everything but their own quote, which JSON can write otherwise.
const rawJson = (value) => visibleJson(value, "\t").replaceAll("`", "\\u0060").replaceAll("\n", `\n${INDENT}`);

const NAMED = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };

function text(value) {
  const quoted = value.replace(/[\\"]/g, "\\$&").replace(/[\n\r\t]/g, (letter) => NAMED[letter]);
  return `"${visibly(quoted, escape)}"`;
}

function escape(code) {
  if (code >= 0xd800 && code <= 0xdfff) return "\\ufffd"; // half a pair, which Go's texts can't hold
  return code > 0xffff ? `\\U${hex(code, 8)}` : `\\u${hex(code, 4)}`;
}
