// The request as a curl command; the key comes from the environment, never from the page.
import { visibleJson } from "./text.js";

const MOST_ARGUMENT = 100_000; // bytes; Linux gives one argument of a command 128 KiB

export function curl(path, body, base) {
  const json = visibleJson(body, 2);
  const start = `curl -s ${quoted(`${base}/${path}`)} \\
  -H "Authorization: Bearer $PARLEY_API_KEY" \\
  -H "Content-Type: application/json" \\
`;
  if (new TextEncoder().encode(json).length <= MOST_ARGUMENT) return `${start}  -d ${quoted(json)}\n`;
  return `${start}  --data-binary @- <<'END_OF_REQUEST'\n${json}\nEND_OF_REQUEST\n`;
}

const quoted = (text) => `'${text.replaceAll("'", "'\\''")}'`;
