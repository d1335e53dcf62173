/** A key that means something here, or a printable character. */
export type Key = string;

const PASTE_BEGINS = "\u001b[200~";
const PASTE_ENDS = "\u001b[201~";

const sequences: Readonly<Record<string, Key>> = {
  "[A": "up",
  OA: "up",
  "[B": "down",
  OB: "down",
  "[C": "right",
  OC: "right",
  "[D": "left",
  OD: "left",
  "[H": "home",
  OH: "home",
  "[1~": "home",
  "[F": "end",
  OF: "end",
  "[4~": "end",
  "[5~": "page-up",
  "[6~": "page-down",
};

const controls: Readonly<Record<string, Key>> = {
  "\r": "enter",
  "\n": "enter",
  "\u0003": "ctrl-c",
  "\u0004": "ctrl-d",
  "\u000c": "ctrl-l",
  "\u001a": "ctrl-z",
  "\u001b": "escape",
  "\u007f": "back",
  "\b": "back",
  " ": "page-down",
};

/** Escape, then what a terminal sends behind it: `[` or `O`, numbers, a final sign. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: terminals send it
const SEQUENCE = /^\u001b(\[[0-?]*[ -/]*[@-~]|O[A-Z]|[^[O\u001b])/;

/**
 * Reads keys from what a terminal sends. Pasted text gives no keys, so that no paste approves
 * anything. A chunk that ends within a sequence is kept for the next one; {@link rest} reads what
 * is left of it.
 */
export class KeyReader {
  #text = "";
  #pasting = false;

  /** The keys of one chunk. */
  read(chunk: string): Key[] {
    this.#text += chunk;
    const keys: Key[] = [];
    while (this.#text !== "") {
      const key = this.#next();
      if (key === undefined) break;
      if (key !== "") keys.push(key);
    }
    return keys;
  }

  /** A sequence has begun, and may be all there is: the Escape key alone. */
  get waits(): boolean {
    return this.#text !== "" && !this.#pasting;
  }

  /** Nothing came behind what is left: an Escape was the key, the rest is noise. */
  rest(): Key[] {
    if (!this.waits) return [];
    this.#text = "";
    return ["escape"];
  }

  /** The next key, `""` for something that is none, `undefined` when it has not come whole. */
  #next(): Key | undefined {
    if (this.#pasting) return this.#skipPaste();
    const text = this.#text;
    if (!text.startsWith("\u001b")) return this.#plain(text);
    if (text.startsWith(PASTE_BEGINS)) {
      this.#pasting = true;
      this.#text = text.slice(PASTE_BEGINS.length);
      return "";
    }
    const found = SEQUENCE.exec(text);
    if (!found) {
      if (!text.startsWith("\u001b\u001b")) return undefined;
      this.#text = text.slice(1);
      return "escape";
    }
    this.#text = text.slice(found[0].length);
    return sequences[found[1] ?? ""] ?? "";
  }

  #plain(text: string): Key {
    const [char = ""] = text;
    this.#text = text.slice(char.length);
    return Object.hasOwn(controls, char) ? (controls[char] ?? "") : char >= " " ? char : "";
  }

  #skipPaste(): Key | undefined {
    const end = this.#text.indexOf(PASTE_ENDS);
    if (end < 0) {
      // Its end may have come in part.
      this.#text = this.#text.slice(-PASTE_ENDS.length);
      return undefined;
    }
    this.#pasting = false;
    this.#text = this.#text.slice(end + PASTE_ENDS.length);
    return "";
  }
}
