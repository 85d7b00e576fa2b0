/** Return a random UUID of version 4. Source: RFC 9562, section 5.4. */
export function randomUuid(): string {
  const bytes = new Uint8Array(16);
  // Browsers have `randomUUID` on secure pages alone, and Node 18 no `crypto`. Nobody must guess it: any chance will do.
  if (globalThis.crypto) globalThis.crypto.getRandomValues(bytes);
  else bytes.forEach((_, index) => (bytes[index] = Math.floor(Math.random() * 256)));
  bytes[6] = (bytes[6]! & 0x0f) | 0x40;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}
