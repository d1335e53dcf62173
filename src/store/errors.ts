import { openclaw, shell } from "../protocol/command.ts";
import { say, type Text } from "../protocol/text.ts";

/** What the texts of an error are made from. */
interface FilledFacts {
  readonly file: string;
  readonly folder: string;
  readonly detail: string;
}

interface Refusing {
  readonly message: (facts: FilledFacts) => string;
  /** The step that gets out of it. */
  readonly next: (facts: FilledFacts) => Text;
}

/** Every way the store can refuse, in one table: what happened, and what to do. */
const table = {
  STORE_DISK_FULL: {
    message: ({ file }) => `disk full: ${file} could not be written`,
    next: ({ folder }) => say`free some space (${shell`df -h ${folder}`}), then repeat the command`,
  },
  STORE_READ_ONLY: {
    message: ({ file }) => `the file system is read-only: ${file} could not be written`,
    next: ({ folder }) =>
      say`mount it writable again (${shell`findmnt -T ${folder}`}), then repeat the command`,
  },
  STORE_DENIED: {
    message: ({ file }) => `permission denied: ${file}`,
    next: ({ folder }) => say`run as the owner of ${folder} (${shell`stat -c %U ${folder}`})`,
  },
  STORE_IO: {
    message: ({ file, detail }) => `input/output error (${detail}): ${file}`,
    next: () => say`check the disk (the last lines of ${shell`dmesg`}), then repeat the command`,
  },
  STORE_DAMAGED: {
    message: ({ file, detail }) => `${file} is damaged: ${detail}`,
    next: ({ folder }) => say`run: ${openclaw`doctor`} (or restore ${folder} from a backup)`,
  },
  STORE_NEWER: {
    message: ({ file, detail }) => `${file} was written by a newer version: ${detail}`,
    next: () => "install that version again: nothing was changed",
  },
  STORE_OLDER: {
    message: ({ file, detail }) => `${file} was written by an older version: ${detail}`,
    next: () => "start a version in between first: nothing was changed",
  },
  STORE_OWNER: {
    message: ({ file, detail }) => `${file} has the wrong owner: ${detail}`,
    next: ({ folder }) =>
      say`run: ${shell`chown -R --reference=${folder} ${folder}/.`} (or run as the owner of ${folder})`,
  },
  STORE_NOT_A_FILE: {
    message: ({ file, detail }) => `${file} is no plain file: ${detail}`,
    next: ({ file }) =>
      say`look at it (${shell`ls -ld ${file}`}), then put the file itself there, or move what is there away`,
  },
  STORE_NOT_A_FOLDER: {
    message: ({ folder }) => `${folder} is no folder`,
    next: ({ folder }) =>
      say`look at it (${shell`ls -ld ${folder}`}), then move it away or set OPENCLAW_STATE_DIR`,
  },
  STORE_DESCRIPTORS: {
    message: ({ file }) => `no file descriptor is left for ${file}`,
    next: () =>
      say`allow more open files (LimitNOFILE= of the unit, ${shell`ulimit -n`} of a shell)`,
  },
  STORE_LOCKED: {
    message: ({ folder, detail }) => `${folder} is in use: ${detail}`,
    next: () =>
      say`stop it first (${openclaw`gateway stop`}), or let it do the work: ${openclaw`status`}`,
  },
  STORE_BUSY: {
    message: ({ file }) => `too many changes wait for the disk: ${file}`,
    next: () => "repeat the command in a moment",
  },
  STORE_TOO_LARGE: {
    message: ({ file, detail }) => `the change is too large for ${file}: ${detail}`,
    next: () => "send less in one request",
  },
  STORE_LOST: {
    message: ({ detail }) =>
      `${detail} in force but never written, and the next start will not know of it`,
    next: () =>
      say`mend the disk, start the gateway, look (${openclaw`devices list`}), and repeat the commands`,
  },
  STORE_CLOSED: {
    message: ({ file }) => `${file} is closed`,
    next: () => "repeat the command when the gateway has started again",
  },
} as const satisfies Record<string, Refusing>;

/** The name of one kind of refusal. */
export type StoreErrorCode = keyof typeof table;

/** All codes, for the reference page and the test that reads it. */
export const storeErrorCodes = Object.keys(table) as StoreErrorCode[];

/** What is known about one failure; `folder` and `file` are absolute paths. */
export interface StoreErrorFacts {
  folder: string;
  file?: string;
  detail?: string;
  cause?: unknown;
  /** The bytes may have reached the disk all the same and could be there after a restart. */
  uncertain?: boolean;
}

/** A refusal of the store: `code` for programs, `message` and `next` (what to do) for people. */
export class StoreError extends Error {
  readonly code: StoreErrorCode;
  readonly next: Text;
  /** True when a restart may still find the change, because even taking it back failed. */
  readonly uncertain: boolean;

  constructor(code: StoreErrorCode, facts: StoreErrorFacts) {
    const { folder, file = folder, detail = "no details" } = facts;
    const refusing: Refusing = table[code];
    const filled = { folder, file, detail };
    const message = refusing.message(filled);
    super(facts.uncertain ? `${message} (a restart may still find the change)` : message, {
      cause: facts.cause,
    });
    this.name = "StoreError";
    this.code = code;
    this.next = refusing.next(filled);
    this.uncertain = facts.uncertain ?? false;
  }
}

const codeOfSystemError: Record<string, StoreErrorCode> = {
  ENOSPC: "STORE_DISK_FULL",
  EDQUOT: "STORE_DISK_FULL",
  EROFS: "STORE_READ_ONLY",
  EACCES: "STORE_DENIED",
  EPERM: "STORE_DENIED",
  ENOTDIR: "STORE_NOT_A_FOLDER",
  EEXIST: "STORE_NOT_A_FOLDER",
  EMFILE: "STORE_DESCRIPTORS",
  ENFILE: "STORE_DESCRIPTORS",
};

/** The system error's name (`ENOSPC`), or undefined if `error` is not one. */
export function systemCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !("code" in error)) return undefined;
  // A quota that is used up: libuv has no name for it.
  if ("errno" in error && error.errno === -122 && process.platform === "linux") return "EDQUOT";
  return typeof error.code === "string" ? error.code : undefined;
}

/** A coded error for what a file operation threw; coded ones pass through. */
export function explain(cause: unknown, facts: Omit<StoreErrorFacts, "cause">): StoreError {
  if (cause instanceof StoreError) return cause;
  const system = systemCode(cause);
  const code = (system && codeOfSystemError[system]) || "STORE_IO";
  const detail = system ?? (cause instanceof Error ? cause.message : String(cause));
  return new StoreError(code, { ...facts, detail, cause });
}
