// What the snippets of all languages share: which letters can't stand as they are, and how a list is laid out.

// Controls, format characters (what hides text or turns its direction), separators, halves of pairs; not the plain space,
// nor the tab, which JSON has outside of its strings alone.
const UNSEEN = /(?![ \t])[\p{C}\p{Z}]/gu;
const WIDEST = 96; // a list that fits into such a line stands in one

// Writes `text` with each unseen letter as `escape(codePoint)`, which must be visible.
export const visibly = (text, escape) => text.replace(UNSEEN, (letter) => escape(letter.codePointAt(0)));

export const hex = (number, digits) => number.toString(16).padStart(digits, "0");

// "\u2028"; two of them for what lies beyond 16 bits, as JSON and Java have it.
export function units(code) {
  const letter = String.fromCodePoint(code);
  return Array.from({ length: letter.length }, (_, at) => `\\u${hex(letter.charCodeAt(at), 4)}`).join("");
}

// JSON that looks like what it is.
export const visibleJson = (value, indent) =>
  JSON.stringify(value, null, indent).split("\n").map((line) => visibly(line, units)).join("\n");

// `items` in brackets: in one line if that is short, with `pad` inside of the brackets; else a line for each, indented by
// `indent` and one `step` more.
export function listed([open, close], items, { indent, step, pad = "", lastComma = "," }) {
  if (items.length === 0) return open + close;
  const line = `${open}${pad}${items.join(", ")}${pad}${close}`;
  const isShort = line.length + indent.length <= WIDEST || items.length === 1;
  if (isShort && !line.includes("\n")) return line;
  return `${open}\n${items.map((item) => indent + step + item).join(",\n")}${lastComma}\n${indent}${close}`;
}
