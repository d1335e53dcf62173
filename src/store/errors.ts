/**
 * Every way the store can refuse, in one table: what happened, and the step that gets out of it.
 * `{file}`, `{folder}` and `{detail}` are filled in when the error is made.
 */
const table = {
  STORE_DISK_FULL: {
    message: "disk full: {file} could not be written",
    next: "free some space (df -h {folder}), then repeat the command",
  },
  STORE_READ_ONLY: {
    message: "the file system is read-only: {file} could not be written",
    next: "mount it writable again (findmnt -T {folder}), then repeat the command",
  },
  STORE_DENIED: {
    message: "permission denied: {file}",
    next: "run as the owner of {folder} (stat -c %U {folder})",
  },
  STORE_IO: {
    message: "input/output error ({detail}): {file}",
    next: "check the disk (dmesg | tail), then repeat the command",
  },
  STORE_DAMAGED: {
    message: "{file} is damaged: {detail}",
    next: "run: openclaw doctor (or restore {folder} from a backup)",
  },
  STORE_NEWER: {
    message: "{file} was written by a newer version: {detail}",
    next: "install that version again: nothing was changed",
  },
  STORE_OLDER: {
    message: "{file} was written by an older version: {detail}",
    next: "start a version in between first: nothing was changed",
  },
  STORE_OWNER: {
    message: "{file} has the wrong owner: {detail}",
    next: "run: chown -R --reference={folder} {folder}/. (or run as the owner of {folder})",
  },
  STORE_NOT_A_FILE: {
    message: "{file} is no plain file: {detail}",
    next: "look at it (ls -ld {file}), then put the file itself there, or move what is there away",
  },
  STORE_NOT_A_FOLDER: {
    message: "{folder} is no folder",
    next: "look at it (ls -ld {folder}), then move it away or set OPENCLAW_STATE_DIR",
  },
  STORE_DESCRIPTORS: {
    message: "no file descriptor is left for {file}",
    next: "allow more open files (LimitNOFILE= of the unit, ulimit -n of a shell)",
  },
  STORE_LOCKED: {
    message: "{folder} is in use: {detail}",
    next: "stop it first (openclaw gateway stop), or let it do the work: openclaw status",
  },
  STORE_BUSY: {
    message: "too many changes wait for the disk: {file}",
    next: "repeat the command in a moment",
  },
  STORE_TOO_LARGE: {
    message: "the change is too large for {file}: {detail}",
    next: "send less in one request",
  },
  STORE_LOST: {
    message: "{detail} in force but never written, and the next start will not know of it",
    next: "mend the disk, start the gateway, look (openclaw devices list), and repeat the commands",
  },
  STORE_CLOSED: {
    message: "{file} is closed",
    next: "repeat the command when the gateway has started again",
  },
} as const;

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
  readonly next: string;
  /** True when a restart may still find the change, because even taking it back failed. */
  readonly uncertain: boolean;

  constructor(code: StoreErrorCode, facts: StoreErrorFacts) {
    const message = fill(table[code].message, facts);
    super(facts.uncertain ? `${message} (a restart may still find the change)` : message, {
      cause: facts.cause,
    });
    this.name = "StoreError";
    this.code = code;
    this.next = fill(table[code].next, facts);
    this.uncertain = facts.uncertain ?? false;
  }
}

function fill(text: string, facts: StoreErrorFacts): string {
  return text
    .replaceAll("{file}", facts.file ?? facts.folder)
    .replaceAll("{folder}", facts.folder)
    .replaceAll("{detail}", facts.detail ?? "no details");
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
