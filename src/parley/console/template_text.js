// Placeholders in a template's texts, exactly as the server reads and fills them: src/parley/wire/templated.py.
// Letters, digits and underscores of any script between double braces; whatever else stands there is plain text. There is no
// way to escape one, a value is never expanded again, and one variable that is missing refuses the whole request.

// What Python's \w and \s match; JavaScript's own are another set.
const NAME = "[\\p{L}\\p{N}_]+";
const BLANKS = "[\\t-\\r\\x1c-\\x20\\x85\\p{Zs}\\u2028\\u2029]*";
const PLACEHOLDER = new RegExp(`\\{\\{${BLANKS}(${NAME})${BLANKS}\\}\\}`, "gu");

export const MOST_FILLED_CHARACTERS = 4_194_304;

// The names of all placeholders, each once, in the order of their first place.
export function placeholdersOf(texts) {
  return [...new Set(texts.flatMap((text) => [...text.matchAll(PLACEHOLDER)].map((found) => found[1])))];
}

// The text in pieces: {text} as it stands, {text, name, isMissing} for each placeholder. `values`: a name without an entry is missing.
export function piecesOf(text, values) {
  const pieces = [];
  let at = 0;
  for (const found of text.matchAll(PLACEHOLDER)) {
    if (found.index > at) pieces.push({ text: text.slice(at, found.index) });
    const name = found[1];
    const isMissing = !Object.hasOwn(values, name);
    pieces.push({ text: isMissing ? found[0] : values[name], name, isMissing });
    at = found.index + found[0].length;
  }
  if (at < text.length) pieces.push({ text: text.slice(at) });
  return pieces;
}

export const filled = (text, values) => piecesOf(text, values).map((piece) => piece.text).join("");

// The characters that the server counts before it fills: those of the texts, and of a value each time that it is named.
export function filledSize(texts, values) {
  let size = 0;
  for (const text of texts) {
    size += lengthOf(text);
    for (const found of text.matchAll(PLACEHOLDER)) size += lengthOf(Object.hasOwn(values, found[1]) ? values[found[1]] : "");
  }
  return size;
}

// Code points, as Python counts; a surrogate pair is one.
function lengthOf(text) {
  let pairs = 0;
  for (let at = 0; at < text.length; at++) if (text.codePointAt(at) > 0xffff) pairs++;
  return text.length - pairs;
}
