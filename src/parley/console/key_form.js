// A key's terms as a form holds them, and as the API takes them. The server checks them again: src/parley/wire/keys.py.

const MOST_REQUESTS = 1_000_000_000;
const MOST_USD = 9_000_000;
const MOST_MODELS = 200;
const LONGEST_NAME = 200;
const LONGEST_MODEL = 256;
const UNPRINTABLE = /(?! )[\p{C}\p{Z}]/u;
const LIMITS = ["rpm", "rpd"];
const CAPS = ["spend_cap_usd", "spend_cap_month_usd"];

export const EMPTY = {
  name: "",
  rpm: "",
  rpd: "",
  spend_cap_usd: "",
  spend_cap_month_usd: "",
  isEveryModel: true,
  models: [],
  expires_at: "", // as <input type="datetime-local"> has it, in this device's time zone
  admin: false,
};

export function fieldsOf(key) {
  const fields = { ...EMPTY, name: key.name, admin: key.admin, isEveryModel: key.models === null, models: key.models ?? [] };
  for (const name of [...LIMITS, ...CAPS]) fields[name] = key[name] === null ? "" : String(key[name]);
  fields.expires_at = key.expires_at === null ? "" : localTime(new Date(key.expires_at));
  return fields;
}

// What the API takes: everything that is set for a new key, and for one that stood as `base` only what is different.
export function bodyOf(fields, base = EMPTY) {
  const wanted = termsOf(fields);
  const known = termsOf(base);
  const isNew = base === EMPTY;
  const body = {};
  for (const [name, value] of Object.entries(wanted)) {
    if (JSON.stringify(value) !== JSON.stringify(known[name])) body[name] = value;
  }
  if (isNew) body.name = wanted.name;
  return body;
}

// {field: sentence} for whatever can't be right.
export function faultsOf(fields, base = EMPTY) {
  const faults = {};
  const add = (name, sentence) => {
    if (sentence) faults[name] = sentence;
  };
  add("name", faultOfName(fields.name.trim()));
  for (const name of LIMITS) add(name, faultOfLimit(fields[name]));
  for (const name of CAPS) add(name, faultOfCap(fields[name]));
  add("models", fields.isEveryModel ? "" : faultOfModels(fields.models));
  if (fields.expires_at !== base.expires_at) add("expires_at", faultOfExpiry(fields.expires_at));
  return faults;
}

// What is wrong with one entry of the list of models; empty if nothing is.
export function faultOfModel(name) {
  const stem = name.replace(/\/\*$/, "");
  if (!stem || stem.includes("*")) return `“${name}” is neither a model's name nor a prefix such as openai/*; a star stands last, after a slash.`;
  if (UNPRINTABLE.test(name)) return `“${name}” holds a character that can't be seen; type it anew.`;
  return [...name].length > LONGEST_MODEL ? `A model's name has at most ${LONGEST_MODEL} characters.` : "";
}

// A time in this device's zone as <input type="datetime-local"> takes it.
export function localTime(date) {
  return new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

function termsOf(fields) {
  const number = (text) => (text.trim() === "" ? null : Number(text));
  const terms = { name: fields.name.trim() };
  for (const name of LIMITS) terms[name] = number(fields[name]);
  for (const name of CAPS) terms[name] = fields[name].trim() || null; // a text: no digit is lost
  terms.models = fields.isEveryModel ? null : fields.models;
  terms.expires_at = fields.expires_at ? new Date(fields.expires_at).toISOString() : null;
  terms.admin = fields.admin;
  return terms;
}

function faultOfName(name) {
  if (!name) return "A key needs a name: who or what will use it.";
  if ([...name].length > LONGEST_NAME) return `A name has at most ${LONGEST_NAME} characters.`;
  if (UNPRINTABLE.test(name)) return "The name holds a character that can't be seen; type it anew.";
  return name.toLowerCase() === "admin" ? "“admin” is the key of PARLEY_ADMIN_KEY; choose another name." : "";
}

function faultOfLimit(text) {
  if (text.trim() === "") return "";
  const number = Number(text);
  const isRight = Number.isInteger(number) && number >= 1 && number <= MOST_REQUESTS;
  return isRight ? "" : "A whole number from 1 to 1,000,000,000; leave it empty for no limit.";
}

function faultOfCap(text) {
  if (text.trim() === "") return "";
  const isRight = /^\d{1,7}(\.\d{1,6})?$/.test(text.trim()) && Number(text) > 0 && Number(text) <= MOST_USD;
  return isRight ? "" : "An amount above 0, at most 9,000,000, with at most 6 decimals; leave it empty for no cap.";
}

function faultOfModels(names) {
  if (names.length === 0) return "Add at least one model, or allow every model.";
  if (names.length > MOST_MODELS) return `There are ${names.length} names; the most is ${MOST_MODELS}. A prefix such as openai/* stands for many.`;
  return names.map(faultOfModel).find(Boolean) ?? "";
}

function faultOfExpiry(text) {
  if (text === "") return "";
  return new Date(text) > new Date() ? "" : "The key would have expired already; choose a time to come.";
}
