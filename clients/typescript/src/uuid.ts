/** Return a random UUID of version 4 (RFC 9562, section 5.4).
 *
 * Node 18 has no global `crypto`, and browsers have its `randomUUID` on secure pages alone. The id must be unlike any
 * other of the same API key, not hard to guess, so that Math.random will do where nothing better is there.
 */
export function randomUuid(): string {
  const bytes = new Uint8Array(16);
  if (globalThis.crypto) globalThis.crypto.getRandomValues(bytes);
  else bytes.forEach((_, index) => (bytes[index] = Math.floor(Math.random() * 256)));
  bytes[6] = (bytes[6]! & 0x0f) | 0x40;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}
