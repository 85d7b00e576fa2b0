/** A value as JSON has it. */
export type JsonValue = string | number | boolean | null | JsonValue[] | JsonObject;

/** An object of JSON. */
export type JsonObject = { [name: string]: JsonValue };

/** Fields that may be null or left out: the two are one thing. */
export type Optional<Name extends string, Value> = Partial<Record<Name, Value | null>>;

export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Return `text` as JSON, undefined if it is none. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
