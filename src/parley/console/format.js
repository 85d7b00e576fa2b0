// Numbers as people read them.

export function money(usd) {
  if (usd === null || usd === undefined) return "–";
  const value = Number(usd);
  if (value === 0) return "$0";
  if (value < 0.01) return `$${value.toLocaleString("en", { minimumSignificantDigits: 2, maximumSignificantDigits: 2 })}`;
  const digits = value < 1 ? 4 : 2;
  return `$${value.toLocaleString("en", { minimumFractionDigits: digits, maximumFractionDigits: digits })}`;
}

export function duration(ms) {
  if (ms === null || ms === undefined) return "–";
  if (ms < 999.5) return `${Math.round(ms)} ms`; // what would be rounded to a whole one of the next unit is written in that
  if (ms < 59_950) return `${(ms / 1000).toFixed(ms < 9995 ? 2 : 1)} s`;
  const seconds = Math.round(ms / 1000);
  return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
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

// "3 min ago", "in 2 days"; an RFC 3339 time against the clock of this device.
export function ago(time, now = Date.now()) {
  if (!time) return "never";
  const seconds = (now - Date.parse(time)) / 1000;
  const [size, unit] = SPANS.find(([least]) => Math.abs(seconds) >= least) ?? [];
  if (!size) return seconds < 0 ? "in a moment" : "just now";
  const number = Math.floor(Math.abs(seconds) / size);
  const words = `${number} ${unit}${number > 1 && unit !== "h" && unit !== "min" ? "s" : ""}`;
  return seconds < 0 ? `in ${words}` : `${words} ago`;
}

const SPANS = [[31_536_000, "year"], [2_592_000, "month"], [86_400, "day"], [3600, "h"], [60, "min"]];

// The whole date and time, in this device's time zone.
export function moment(time) {
  return time ? new Date(time).toLocaleString("en-GB", { dateStyle: "medium", timeStyle: "medium" }) : "never";
}

// "820 B", "31 KB", "1.2 MB".
export function size(bytes) {
  if (bytes < 1000) return `${bytes} B`;
  return bytes < 1_000_000 ? `${Math.round(bytes / 1000)} KB` : `${(bytes / 1_000_000).toFixed(1)} MB`;
}
