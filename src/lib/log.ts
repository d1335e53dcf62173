import pino, { type Logger } from "pino";
import { LogFile, type LogStream } from "./log-file.ts";
import { withoutSaid } from "./log-line.ts";
import type { LogRing } from "./log-ring.ts";
import type { LogFileBounds } from "./own-logs.ts";
import { whyFailed } from "./system-words.ts";
import { systemWorld, type Timer, type World } from "./world.ts";

export type { Logger };

/** Names that never reach a log, wherever they stand in the logged facts. */
const SECRET_NAMES = [
  "token",
  "password",
  "deviceToken",
  "bootstrapToken",
  "setupCode",
  "joinUrl",
  "secret",
  "signature",
  "authorization",
];

export interface LogOptions {
  readonly level: string;
  /** A person watches: short coloured lines instead of JSON. */
  readonly pretty: boolean;
  /** Names of facts that the pretty format leaves out. */
  readonly spared?: readonly string[];
  /** Names of facts that it leaves out of lines whose message has their text already. */
  readonly sparedIfSaid?: readonly string[];
  /** Makes the properties of a logged error fit to be logged. */
  readonly errorFacts?: (facts: object) => object;
  /** Absolute path of a file; standard output when absent. */
  readonly file?: string | undefined;
  /** How much of that file, and of the ones before it, is kept. */
  readonly fileBounds: LogFileBounds;
  /** Unwritten text kept at most; lines beyond it are lost. */
  readonly bufferBytes: number;
  /** Gets every line too. */
  readonly ring?: LogRing;
  readonly world?: Pick<World, "monotonic">;
}

type Destination = ReturnType<typeof pino.destination>;

/** How long the last lines may take to be taken, in milliseconds. */
const CLOSING_MS = 1000;

/** A log, and how to end it: `close` writes what is left and is called once, last of all. */
export interface OpenLog {
  readonly log: Logger;
  /** Opens its file anew, if it has one. */
  reopen(): void;
  close(): Promise<void>;
}

/**
 * Where lines go. A disk that is full, or a reader that reads no more, costs lines and nothing else:
 * pino's own way would end the process at the first error, and never let it end by itself.
 */
function destination({
  file,
  fileBounds,
  bufferBytes: maxLength,
  world = systemWorld,
}: LogOptions): Omit<OpenLog, "log"> & { stream: Destination } {
  const dest = file ?? 1;
  const stream = pino.destination({ dest, sync: false, maxLength });
  let told: string | undefined;
  let opened = false;
  stream.once("ready", () => {
    opened = true;
  });
  stream.removeAllListeners("error");
  const kept =
    file === undefined
      ? undefined
      : new LogFile(stream as unknown as LogStream, file, { ...fileBounds, world });
  // What was not written is tried again with the next line.
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === told) return;
    told = error.code;
    const where = dest === 1 ? "standard output" : dest;
    process.stderr.write(`the log can't be written to ${where}: ${whyFailed(error)}\n`);
  });
  // A file that could not be opened takes no lines, and pino's stream would throw at each: that was told.
  const write = stream.write.bind(stream);
  stream.write = (text) => {
    if (told !== undefined && !opened) return false;
    kept?.check();
    return write(text);
  };
  // At the end of the process what a file that never opened still holds is lost: that was told.
  const flush = stream.flushSync.bind(stream);
  stream.flushSync = () => {
    try {
      flush();
    } catch {
      // No stack trace is the last that a person reads.
    }
  };
  // One that can't be opened never says that it ended.
  const close = async () => (told !== undefined && !opened ? undefined : ended(stream));
  const reopen = () => {
    if (opened) kept?.reopen();
  };
  return { stream, close, reopen };
}

/**
 * Waits until a stream has written what is left. Not by `flushSync`, which tries for ever on a full
 * disk and blocks meanwhile.
 */
async function ended(stream: Destination): Promise<void> {
  let timer: Timer | undefined;
  await new Promise<void>((resolve) => {
    stream.once("close", resolve);
    stream.once("error", () => resolve());
    timer = systemWorld.after(CLOSING_MS, resolve);
    stream.end();
  });
  timer?.cancel();
  stream.write = () => true;
  stream.destroy();
}

/** The gateway's log: JSON lines, or readable ones on a terminal. */
export async function createLog(options: LogOptions): Promise<OpenLog> {
  const { errorFacts = (facts) => facts, sparedIfSaid = [] } = options;
  const settings = {
    level: options.level,
    base: null,
    serializers: { err: (error: Error) => errorFacts(pino.stdSerializers.err(error)) },
    timestamp: pino.stdTimeFunctions.isoTime,
    redact: {
      paths: SECRET_NAMES.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]),
      censor: "(hidden)",
    },
  };
  if (!options.pretty) {
    const { stream, ...rest } = destination(options);
    return { log: pino(settings, both(stream, options.ring)), ...rest };
  }
  const { default: pretty } = await import("pino-pretty");
  const stream = pretty({
    colorize: true,
    translateTime: "SYS:HH:MM:ss",
    sync: true,
    singleLine: true,
    ignore: (options.spared ?? []).join(","),
  });
  const once = { write: (text: string) => stream.write(withoutSaid(text, sparedIfSaid)) };
  const log = pino(settings, both(once, options.ring));
  return { log, close: async () => void stream.end(), reopen: () => {} };
}

/** A stream that hands every line to the ring as well. */
function both(stream: { write(text: string): unknown }, ring: LogRing | undefined) {
  if (!ring) return stream;
  return {
    write: (text: string) => {
      ring.write(text);
      stream.write(text);
    },
  };
}
