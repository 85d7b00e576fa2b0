// What stands in the Compare form: a conversation, the models, what is to come of it. It outlives a reload in this tab.
import { effect, signal } from "./html.js";

const STORED = "parley.compare";
const MOST_STORED = 200_000; // characters of one image's URL; a tab's storage holds some five million

let lastId = 0;
const newTurn = (role, text = "") => ({ id: ++lastId, role, text, images: [] });

const EMPTY = {
  system: "",
  turns: [newTurn("user")], // an image is {name, size_bytes, url}; its url is empty where a reload has lost it
  template: "", // its name: its messages come before the turns
  variables: {},
  models: ["sandbox/terse", "sandbox/thorough"].map((model) => ({ model })), // with the overrides of each
  skips: false, // whether the answers stand alone, without an evaluation
  judge: "",
  comparison_instructions: "",
  temperature: "",
  max_tokens: "",
  cache: false,
};

export const draft = signal({ ...EMPTY, ...restored() });

effect(() => store(draft.value));

export function edit(fields) {
  draft.value = { ...draft.value, ...fields };
}

export function addTurn(role) {
  edit({ turns: [...draft.value.turns, newTurn(role)] });
}

export function changeTurn(id, fields) {
  edit({ turns: draft.value.turns.map((turn) => (turn.id === id ? { ...turn, ...fields } : turn)) });
}

export function removeTurn(id) {
  edit({ turns: draft.value.turns.filter((turn) => turn.id !== id) });
}

// `step`: -1 for earlier, 1 for later.
export function moveTurn(id, step) {
  const turns = [...draft.value.turns];
  const at = turns.findIndex((turn) => turn.id === id);
  [turns[at], turns[at + step]] = [turns[at + step], turns[at]];
  edit({ turns });
}

export function addImages(id, images) {
  const turn = draft.peek().turns.find((each) => each.id === id);
  if (turn) changeTurn(id, { images: [...turn.images, ...images] }); // else removed while the file was read
}

// Takes an answer into the conversation and makes room for the next question; another answer takes the place of the first.
export function continueWith(answer) {
  const turns = [...draft.value.turns];
  if (turns.at(-1)?.role === "user" && isEmpty(turns.at(-1))) turns.pop();
  if (turns.at(-1)?.role === "assistant") turns.pop();
  edit({ turns: [...turns, newTurn("assistant", answer), newTurn("user")] });
}

// Fills the form from a request body, so that a comparison can be asked again.
export function openRequest(body) {
  const overrides = new Map((body.model_overrides ?? []).map((each) => [each.model, each]));
  const system = (body.messages ?? []).find((message) => message.role === "system");
  draft.value = {
    ...EMPTY,
    system: system ? shownTurn(system).text : "",
    turns: (body.messages ?? []).filter((message) => ["user", "assistant"].includes(message.role)).map(shownTurn),
    template: body.template ?? "",
    variables: body.variables ?? {},
    models: (body.models ?? []).map((model) => overrides.get(model) ?? { model }),
    skips: body.skip_comparison ?? false,
    judge: body.comparison_model ?? "",
    comparison_instructions: body.comparison_instructions ?? "",
    temperature: body.temperature ?? "",
    max_tokens: body.max_tokens ?? "",
    cache: body.cache ?? false,
  };
}

function shownTurn({ role, content }) {
  if (typeof content === "string") return newTurn(role, content);
  const parts = content ?? [];
  const text = parts.filter((part) => part.type === "text").map((part) => part.text).join("\n\n");
  const urls = parts.filter((part) => part.type === "image_url").map((part) => part.image_url.url);
  return { ...newTurn(role, text), images: urls.map((url) => ({ name: "image", size_bytes: null, url })) };
}

// The request body of the draft.
export function requestOf(fields) {
  const body = { models: fields.models.map((each) => each.model) };
  const messages = messagesOf(fields);
  if (messages.length > 0) body.messages = messages;
  if (fields.template) Object.assign(body, { template: fields.template, variables: fields.variables });
  const overrides = fields.models.filter((each) => Object.keys(each).length > 1);
  if (overrides.length > 0) body.model_overrides = overrides;
  if (fields.skips) body.skip_comparison = true;
  if (!fields.skips && fields.judge) body.comparison_model = fields.judge;
  if (!fields.skips && fields.comparison_instructions.trim()) body.comparison_instructions = fields.comparison_instructions;
  if (fields.temperature !== "") body.temperature = Number(fields.temperature);
  if (fields.max_tokens !== "") body.max_tokens = Number(fields.max_tokens);
  if (fields.cache) body.cache = true;
  return body;
}

function messagesOf(fields) {
  const system = fields.system.trim() ? [{ role: "system", content: fields.system }] : [];
  return [...system, ...said(fields).map(({ role, text, images }) => ({ role, content: contentOf(text, images) }))];
}

// Beside a template, the turn that stands there from the start needs no words.
function said({ turns, template }) {
  return template && turns.length === 1 && isEmpty(turns[0]) ? [] : turns;
}

function contentOf(text, images) {
  if (images.length === 0) return text;
  const words = text.trim() ? [{ type: "text", text }] : [];
  return [...words, ...images.map(({ url }) => ({ type: "image_url", image_url: { url } }))];
}

// What stops the draft from being asked, as a sentence; empty if nothing does.
export function faultOf(fields) {
  if (fields.models.length === 0) return "Add at least one model.";
  if (fields.turns.length === 0 && !fields.template) return "Add a turn with a question.";
  const empty = said(fields).findIndex(isEmpty);
  if (empty >= 0) return `Turn ${empty + 1} is empty: write something, or remove it.`;
  const lost = fields.turns.flatMap((turn) => turn.images).find((image) => image.url === "");
  return lost ? `${lost.name} is not here any more: attach it again, or remove it.` : "";
}

const isEmpty = (turn) => !turn.text.trim() && turn.images.length === 0;

function store(fields) {
  try {
    sessionStorage.setItem(STORED, JSON.stringify(withoutImages(fields, MOST_STORED)));
  } catch {
    sessionStorage.setItem(STORED, JSON.stringify(withoutImages(fields, 0))); // many small images are too much together
  }
}

function withoutImages(fields, most) {
  const kept = (image) => (image.url.length > most ? { ...image, url: "" } : image);
  return { ...fields, turns: fields.turns.map((turn) => ({ ...turn, images: turn.images.map(kept) })) };
}

function restored() {
  try {
    const fields = JSON.parse(sessionStorage.getItem(STORED) ?? "{}");
    return fields.turns ? { ...fields, turns: fields.turns.map((turn) => ({ ...turn, id: ++lastId })) } : fields;
  } catch {
    return {}; // another version's draft
  }
}
