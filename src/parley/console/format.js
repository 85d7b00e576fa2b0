// Numbers as people read them.

export function money(usd) {
  if (usd === null || usd === undefined) return "–";
  const value = Number(usd);
  if (value === 0) return "$0";
  return value < 0.01 ? `$${value.toPrecision(2).replace(/e-7$/, "e-7")}` : `$${value.toFixed(value < 1 ? 4 : 2)}`;
}

export function duration(ms) {
  if (ms === null || ms === undefined) return "–";
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(ms < 10_000 ? 2 : 1)} s`;
  return `${Math.floor(ms / 60_000)} min ${Math.round((ms % 60_000) / 1000)} s`;
}

export function count(number) {
  return number === null || number === undefined ? "–" : Number(number).toLocaleString("en");
}

export function tokens(usage) {
  if (!usage) return "–";
  const read = usage.input_tokens ?? usage.prompt_tokens;
  const written = usage.output_tokens ?? usage.completion_tokens;
  return `${count(read)} → ${count(written)}`;
}
