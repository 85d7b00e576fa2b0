// Pictures from the disk, the clipboard or a drop, as data URLs: nothing is uploaded before the request is sent.

const TYPES = ["image/png", "image/jpeg", "image/webp", "image/gif"];
export const ACCEPTED = TYPES.join(",");

// Reads what can be sent. Resolves to {images, refused}: `refused` is a sentence, or empty.
export async function readImages(files) {
  const fits = files.filter((file) => TYPES.includes(file.type));
  const others = files.filter((file) => !TYPES.includes(file.type)).map((file) => file.name);
  const images = await Promise.all(fits.map(read));
  return { images, refused: others.length > 0 ? `${others.join(", ")}: models take PNG, JPEG, WebP and GIF pictures.` : "" };
}

async function read(file) {
  return { name: file.name || "picture", size_bytes: file.size, url: await dataUrl(file) };
}

function dataUrl(file) {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result);
    reader.onerror = () => reject(new Error(`${file.name} can't be read: ${reader.error.message}`));
    reader.readAsDataURL(file);
  });
}

// An image that the model's provider fetches. Throws a sentence if `text` is no such address.
export function imageAt(text) {
  let url;
  try {
    url = new URL(text.trim());
  } catch {
    throw new Error(`${text.trim() || "Nothing"} is no address; write it whole, as https://example.org/picture.png.`);
  }
  if (url.protocol === "data:") return { name: "picture", size_bytes: null, url: text.trim() };
  if (!["http:", "https:"].includes(url.protocol)) throw new Error(`${url.protocol} addresses can't be fetched; https: or data: would do.`);
  return { name: url.hostname, size_bytes: null, url: text.trim() };
}
