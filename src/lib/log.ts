import pino, { type Logger } from "pino";

export type { Logger };

/** Names that never reach a log, wherever they stand in the logged facts. */
const SECRET_NAMES = [
  "token",
  "password",
  "deviceToken",
  "bootstrapToken",
  "secret",
  "signature",
  "authorization",
];

export interface LogOptions {
  readonly level: string;
  /** A person watches: short coloured lines instead of JSON. */
  readonly pretty: boolean;
  /** Absolute path of a file; standard output when absent. */
  readonly file?: string | undefined;
}

/** The gateway's log: JSON lines, or readable ones on a terminal. */
export async function createLog(options: LogOptions): Promise<Logger> {
  const settings = {
    level: options.level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    redact: {
      paths: SECRET_NAMES.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]),
      censor: "(hidden)",
    },
  };
  if (options.file) return pino(settings, pino.destination({ dest: options.file, sync: false }));
  if (!options.pretty) return pino(settings, pino.destination({ dest: 1, sync: false }));
  const { default: pretty } = await import("pino-pretty");
  const stream = pretty({ colorize: true, translateTime: "SYS:HH:MM:ss", sync: true });
  return pino(settings, stream);
}
