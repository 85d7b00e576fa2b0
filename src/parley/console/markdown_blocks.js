// Cuts growing Markdown into blocks that no longer change and a tail that may, so that a long answer is not rendered anew with
// every token. A cut is made at blank lines outside of code fences.

export class Blocks {
  constructor() {
    this.settled = [];
    this.tail = "";
    this.read = 0; // how much of the text stands in `settled` and `tail`
  }

  // `text` is the whole answer so far; returns this.
  update(text) {
    if (text.length < this.read) Object.assign(this, new Blocks());
    this.tail += text.slice(this.read);
    this.read = text.length;
    const cut = lastCut(this.tail);
    if (cut > 0) {
      this.settled.push(this.tail.slice(0, cut));
      this.tail = this.tail.slice(cut);
    }
    return this;
  }
}

// Where the last blank line outside of a fence ends; 0 if there is none.
function lastCut(text) {
  let cut = 0;
  let fence = "";
  let at = 0;
  for (;;) {
    const end = text.indexOf("\n", at);
    if (end < 0) return cut;
    const line = text.slice(at, end).trimStart();
    const mark = line.match(/^(`{3,}|~{3,})/)?.[1] ?? "";
    if (!fence && mark) fence = mark;
    else if (fence && mark.startsWith(fence) && line.slice(mark.length).trim() === "") fence = "";
    if (!fence && line === "" && at > 0) cut = end + 1;
    at = end + 1;
  }
}
