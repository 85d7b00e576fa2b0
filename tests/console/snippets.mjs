// Writes what "Show as" shows for drafts of the console's forms, without a browser.
// Standard input: {"base": URL, "drafts": [{"page": "ask" or "compare", "fields": {…}}]}. Standard output: for each draft
// {"path", "body", "snippets": {language: text}}. The console's folder is the working directory.
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

globalThis.sessionStorage = { getItem: () => null, setItem: () => {} };
const load = (name) => import(new URL(name, pathToFileURL(`${process.cwd()}/`)));
const forms = { ask: await load("ask_draft.js"), compare: await load("compare_draft.js") };
const paths = { ask: "v3/roundtable", compare: "v1/chat/compare" };
const { SNIPPETS } = await load("snippets.js");

const { base, drafts } = JSON.parse(readFileSync(0, "utf8"));
const shown = drafts.map(({ page, fields }) => {
  const { draft, faultOf, requestOf } = forms[page];
  const whole = { ...draft.peek(), ...fields };
  if (faultOf(whole)) throw new Error(faultOf(whole));
  const body = requestOf(whole);
  const snippets = Object.fromEntries(SNIPPETS.map(({ name, write }) => [name, write(paths[page], body, base)]));
  return { path: paths[page], body, snippets };
});
process.stdout.write(JSON.stringify(shown));
