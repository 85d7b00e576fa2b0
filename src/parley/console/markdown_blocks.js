// Cuts growing Markdown into blocks that no longer change and a tail that may, so that a long answer is not rendered anew with
// every token. A cut is made where a block surely begins: at an unindented line after a blank one or after a code fence, at the
// fence itself, and inside a long list at an item; <ol start> keeps the numbers going.

const LONGEST_LIST = 1500; // characters

const FENCE = /^\s*(`{3,}|~{3,})/;
const ITEM = /^(?:[-*+]|\d{1,9}[.)])\s/;

export class Blocks {
  constructor() {
    this.text = "";
    this.settled = [];
    this.tail = "";
  }

  // `text` is the whole answer so far; returns this.
  update(text) {
    if (!text.startsWith(this.text)) Object.assign(this, new Blocks());
    this.tail += text.slice(this.text.length);
    this.text = text;
    const cut = lastCut(this.tail);
    if (cut > 0) {
      this.settled.push(this.tail.slice(0, cut));
      this.tail = this.tail.slice(cut);
    }
    return this;
  }
}

export const isFence = (text) => FENCE.test(text);

// Where the last block of `text` begins; 0 if it is the only one.
function lastCut(text) {
  let cut = 0;
  let fence = "";
  let isBoundary = false;
  let at = 0;
  for (let end = text.indexOf("\n"); end >= 0; end = text.indexOf("\n", at)) {
    const line = text.slice(at, end);
    const mark = line.match(FENCE)?.[1] ?? "";
    const isIndented = /^\s/.test(line);
    if (fence) {
      if (mark.startsWith(fence) && line.trim() === mark) {
        fence = "";
        isBoundary = !isIndented;
      }
    } else if (line.trim() === "") {
      isBoundary = true;
    } else {
      if (!isIndented && (isBoundary || mark || (at - cut > LONGEST_LIST && ITEM.test(line)))) cut = at;
      fence = mark;
      isBoundary = false;
    }
    at = end + 1;
  }
  return cut;
}
