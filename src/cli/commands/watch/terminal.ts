import { writeSync } from "node:fs";
import { type Key, KeyReader } from "./keys.ts";
import type { Size } from "./state.ts";

/** Escape sequences: another screen, no cursor, and pastes marked as pastes. */
const ENTER = "\u001b[?1049h\u001b[?25l\u001b[?2004h";
const LEAVE = "\u001b[?2004l\u001b[?25h\u001b[?1049l";
const HOME = "\u001b[H";
const CLEAR_LINE = "\u001b[2K";
/** An Escape that nothing follows for so long is the key. */
const ESCAPE_MS = 50;
const NOT_STOPPED_MS = 200;
/** A terminal that takes nothing for so long is given up. */
const FULL_TRIES = 50;
const FULL_PAUSE_MS = 10;

export interface TerminalListener {
  key(key: Key): void;
  resized(size: Size): void;
  /** The terminal is gone, or the process was told to end. */
  ended(): void;
}

/**
 * The terminal of this process while it shows a screen of its own. However the process ends, the
 * terminal gets back what it had: its screen, its cursor, its way to read lines.
 */
export class Terminal {
  readonly #keys = new KeyReader();
  readonly #undo: (() => void)[] = [];
  #entered = false;
  #frame = "";
  #blocked = false;
  #escape: NodeJS.Timeout | undefined;

  constructor(
    private readonly input: typeof process.stdin,
    private readonly output: typeof process.stdout,
    private readonly listener: TerminalListener,
  ) {}

  /** Takes the terminal; does nothing when it has it. */
  open(): void {
    if (this.#undo.length > 0) return;
    const { listener, input, output } = this;
    const ended = () => listener.ended();
    this.#on(process, "SIGTERM", ended);
    this.#on(process, "SIGINT", ended);
    this.#on(process, "SIGHUP", ended);
    this.#on(process, "SIGTSTP", this.#stopped);
    this.#on(process, "SIGCONT", () => this.#resume());
    // Also after an uncaught exception, and when another part ends the process.
    this.#on(process, "exit", () => this.#leave());
    this.#on(output, "resize", () => listener.resized(this.size));
    this.#on(output, "error", ended);
    this.#on(output, "drain", () => this.#drained());
    this.#on(input, "data", (chunk: string) => this.#read(chunk));
    this.#on(input, "end", ended);
    this.#on(input, "error", ended);
    input.setEncoding("utf8");
    this.#enter();
  }

  /** Gives everything back. */
  close(): void {
    this.#leave();
    clearTimeout(this.#escape);
    this.input.pause();
    for (const undo of this.#undo.splice(0)) undo();
  }

  get size(): Size {
    // A terminal that does not know its size is taken for a small one.
    return { columns: this.output.columns || 80, rows: this.output.rows || 24 };
  }

  /** Shows a screen. A terminal that is slow to take it gets the newest one when it can. */
  draw(lines: readonly string[]): void {
    // Cleared before it is written: behind a full line the cursor still stands on its last sign.
    const frame = HOME + lines.map((line) => CLEAR_LINE + line).join("\r\n");
    if (frame === this.#frame || !this.#entered) return;
    this.#frame = frame;
    if (!this.#blocked) this.#blocked = !this.output.write(frame);
  }

  /** The next screen is drawn even if nothing changed: something else may have written over it. */
  forget(): void {
    this.#frame = "";
  }

  /** Gives the terminal to the shell, as Ctrl-Z does, until the shell brings this program back. */
  suspend(): void {
    this.#leave();
    process.off("SIGTSTP", this.#stopped);
    // The whole group: the shell waits for a script around this program, if there is one.
    process.kill(0, "SIGTSTP");
    // Where no shell could bring it back, the system does not stop it.
    setTimeout(() => this.#resume(), NOT_STOPPED_MS);
  }

  readonly #stopped = () => this.suspend();

  /** Takes the terminal back after a stop: other programs used it meanwhile. */
  #resume(): void {
    if (this.#undo.length === 0) return;
    process.off("SIGTSTP", this.#stopped).on("SIGTSTP", this.#stopped);
    this.#entered = false;
    this.input.setRawMode(false);
    this.#enter();
    this.listener.resized(this.size);
  }

  #drained(): void {
    this.#blocked = false;
    this.output.write(this.#frame);
  }

  #enter(): void {
    if (this.#entered) return;
    this.#entered = true;
    this.input.setRawMode(true);
    this.input.resume();
    this.output.write(ENTER);
    this.forget();
  }

  /** Written at once: what is only queued would be lost with the process. */
  #leave(): void {
    if (!this.#entered) return;
    this.#entered = false;
    try {
      this.input.setRawMode(false);
      writeNow(this.output.fd, LEAVE);
    } catch {
      // The terminal is gone: there is nothing to give back.
    }
  }

  #read(chunk: string): void {
    clearTimeout(this.#escape);
    for (const key of this.#keys.read(chunk)) this.listener.key(key);
    if (!this.#keys.waits) return;
    this.#escape = setTimeout(() => {
      for (const key of this.#keys.rest()) this.listener.key(key);
    }, ESCAPE_MS);
  }

  // biome-ignore lint/suspicious/noExplicitAny: as emitters declare their listeners
  #on(target: NodeJS.EventEmitter, name: string, listener: (...args: any[]) => void): void {
    target.on(name, listener);
    this.#undo.push(() => target.off(name, listener));
  }
}

function writeNow(fd: number, text: string): void {
  for (let tries = 0; tries < FULL_TRIES; tries += 1) {
    try {
      writeSync(fd, text);
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EAGAIN") throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, FULL_PAUSE_MS);
    }
  }
}
