import assert from "node:assert/strict";
import { test } from "node:test";
import { SseDecoder, type SseMessage } from "../dist/esm/sse.js";
import { goldenStreams, missing } from "./golden.js";

const encoder = new TextEncoder();

function decode(...chunks: (string | Uint8Array)[]): SseMessage[] {
  const decoder = new SseDecoder();
  const bytes = chunks.map((chunk) => (typeof chunk === "string" ? encoder.encode(chunk) : chunk));
  return [...bytes.flatMap((chunk) => decoder.push(chunk)), ...[decoder.end() ?? []].flat()];
}

test("every golden stream reads the same split at every byte", { skip: missing }, () => {
  for (const { name, bytes, data } of goldenStreams()) {
    const whole = decode(bytes);
    assert.deepEqual(
      whole.slice(0, -1).map((message) => JSON.parse(message.data)),
      data,
      name,
    );
    assert.equal(whole.at(-1)?.data, "[DONE]");
    for (let at = 1; at < bytes.length; at++) {
      assert.deepEqual(decode(bytes.subarray(0, at), bytes.subarray(at)), whole, `${name} split at ${at}`);
    }
  }
});

test("every golden stream reads the same byte by byte with CRLF and comments", { skip: missing }, () => {
  for (const { name, bytes } of goldenStreams()) {
    const other = new TextDecoder().decode(bytes).replaceAll("\n\n", "\n: keep-alive\n\n").replaceAll("\n", "\r\n");
    const single = Array.from(encoder.encode(other), (byte) => Uint8Array.of(byte));
    assert.deepEqual(decode(...single), decode(bytes), name);
  }
});

for (const { about, stream, messages } of [
  { about: "a comment is passed over", stream: ": keep-alive\n\ndata: a\n\n", messages: [["", "a"]] },
  { about: "data of several lines is joined", stream: "data: a\ndata:\ndata:  b\n\n", messages: [["", "a\n\n b"]] },
  { about: "the blank behind a colon may lack", stream: "event:x\ndata:a\n\n", messages: [["x", "a"]] },
  {
    about: "a name holds for one event alone",
    stream: "event: x\ndata: a\n\ndata: b\n\n",
    messages: [
      ["x", "a"],
      ["", "b"],
    ],
  },
  { about: "a name without data is no event", stream: "event: x\n\ndata: b\n\n", messages: [["", "b"]] },
  { about: "unknown fields are passed over", stream: "id: 1\nretry: 5\nodd\ndata: a\n\n", messages: [["", "a"]] },
  {
    about: "lines may end in CRLF",
    stream: "event: x\r\ndata: a\r\n\r\ndata: b\r\n\r\n",
    messages: [
      ["x", "a"],
      ["", "b"],
    ],
  },
  { about: "a colon in the data stays", stream: 'data: {"a": "b:c"}\n\n', messages: [["", '{"a": "b:c"}']] },
  {
    about: "Unicode's own line ends are text",
    stream: "data: a\u2028b\u0085c\n\n",
    messages: [["", "a\u2028b\u0085c"]],
  },
  { about: "a byte order mark is passed over", stream: "\ufeffdata: a\n\n", messages: [["", "a"]] },
  {
    about: "what lacks its last blank line is still read",
    stream: "data: a\n\ndata: b",
    messages: [
      ["", "a"],
      ["", "b"],
    ],
  },
  { about: "nothing is nothing", stream: "", messages: [] },
]) {
  test(`in a stream, ${about}`, () => {
    const expected = messages.map(([event, data]) => ({ event, data }));
    const bytes = encoder.encode(stream);
    assert.deepEqual(decode(bytes), expected);
    for (let at = 1; at < bytes.length; at++) {
      assert.deepEqual(decode(bytes.subarray(0, at), bytes.subarray(at)), expected, `split at ${at}`);
    }
  });
}

test("a line of many megabytes costs no more than it is long", () => {
  const piece = "x".repeat(16_384);
  const chunks = ["data: ", ...Array<string>(640).fill(piece), "\n\n"];
  const [message] = decode(...chunks);
  assert.equal(message?.data.length, 640 * piece.length);
});
