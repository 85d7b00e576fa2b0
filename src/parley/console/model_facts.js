// What a model of GET /v1/models can do and costs, and which of them fit the filters of a place.
export const CAPABILITIES = [
  { name: "tools", title: "tools", about: "It can call tools", has: (model) => model.supports_tools },
  { name: "schema", title: "schema", about: "It can hold its answer to a JSON Schema", has: (model) => model.supports_structured_output },
  { name: "images", title: "images", about: "It reads images", has: (model) => (model.input_modalities ?? []).includes("image") },
  { name: "thinking", title: "thinking", about: "It can think before it answers", has: (model) => model.supports_thinking },
];

export const capabilitiesOf = (model) => CAPABILITIES.filter((capability) => capability.has(model));

// Numbers as they are compared; null where they aren't known.
export const FIGURES = {
  context: (model) => model.context_window ?? null,
  output: (model) => model.max_output_tokens ?? null,
  read: (model) => number(model.pricing?.prompt_usd_per_1m),
  cached: (model) => number(model.pricing?.cache_read_input_usd_per_1m),
  written: (model) => number(model.pricing?.completion_usd_per_1m),
};

const number = (text) => (text === null || text === undefined ? null : Number(text));

export function fitting(models, query) {
  const words = (query.get("find") ?? "").toLowerCase().split(/\s+/).filter(Boolean);
  const provider = query.get("provider");
  const wanted = namesIn(query.get("can")).map((name) => CAPABILITIES.find((capability) => capability.name === name)).filter(Boolean);
  const isFree = query.get("free") === "yes";
  return models.filter((model) => {
    const text = `${model.id} ${model.name} ${model.brand}`.toLowerCase();
    return words.every((word) => text.includes(word)) && (!provider || model.provider === provider)
      && wanted.every((capability) => capability.has(model)) && (!isFree || model.is_free);
  });
}

export const namesIn = (list) => (list ?? "").split(",").filter(Boolean);

// `by` is "name" or one of FIGURES; unknown numbers stand last whichever way is sorted.
export function sorted(models, by, isFalling) {
  const sign = isFalling ? -1 : 1;
  if (by === "name") return [...models].sort((a, b) => sign * a.id.localeCompare(b.id));
  const figure = FIGURES[by];
  if (!figure) return models;
  return [...models].sort((a, b) => {
    const [left, right] = [figure(a), figure(b)];
    if (left === null || right === null) return (left === null) - (right === null);
    return sign * (left - right);
  });
}
