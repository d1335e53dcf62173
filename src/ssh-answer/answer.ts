import { connect } from "node:net";
import { wrapText } from "../lib/width.ts";
import { sshLimitTable } from "../limits/ssh.ts";
import { commandText, openclaw, shell } from "../protocol/command.ts";
import type { ErrorShape } from "../protocol/frames.ts";
import { plainText, readText } from "../protocol/text.ts";
import { PHONE_COLUMNS } from "../words/ssh-rights.ts";

/** What the gateway answers an approver: lines of at most about 40 columns. */
export interface ApproverAnswer {
  readonly lines: readonly string[];
}

interface Reply {
  readonly type?: string;
  readonly ok?: boolean;
  readonly payload?: ApproverAnswer;
  readonly error?: ErrorShape;
}

const PATIENCE_MS = sshLimitTable.sshPatienceMs.value;
const MOST_BYTES = sshLimitTable.sshAnswerBytes.value;

const EXIT = { refused: 1, unreachable: 3 } as const;

/** The argument's name in the params of each verb. */
const params: Readonly<Record<string, string>> = {
  show: "requestId",
  approve: "requestId",
  approveWithout: "requestId",
  reject: "requestId",
  revoke: "deviceId",
};

/**
 * What `answer.sh` runs once it has understood a verb: asks the gateway on the approve socket and
 * prints what it says. Words: socket, fingerprint of the key, address that the key was used from,
 * verb, its argument. Resolves with the exit code.
 */
export async function answer(words: readonly string[]): Promise<number> {
  const [socket = "", key = "", address = "", verb = "", argument = ""] = words;
  const name = params[verb];
  const frame = {
    type: "req",
    id: "1",
    method: `approver.${verb}`,
    params: name === undefined ? {} : { [name]: argument },
    key,
    ...(address !== "" && { address }),
  };
  let reply: Reply;
  try {
    reply = JSON.parse(await ask(socket, JSON.stringify(frame))) as Reply;
  } catch (error) {
    print(error === UNANSWERED ? UNANSWERED_LINES : UNREACHABLE_LINES);
    return EXIT.unreachable;
  }
  if (reply.ok) {
    process.stdout.write(text(reply.payload?.lines ?? []));
    return 0;
  }
  print(refusalLines(reply.error));
  return EXIT.refused;
}

/** What an approver types to see who waits: `answer.sh` knows the verb. */
const LIST = shell`list`;

const UNREACHABLE_LINES = [
  "The gateway does not answer.",
  "Is it running? On its machine:",
  `  ${commandText(openclaw`doctor`)}`,
];
/**
 * The gateway took the question and did not answer: what it was asked to do may be done, or be done
 * yet.
 */
const UNANSWERED = new Error("asked, and not answered");
const UNANSWERED_LINES = [
  "The gateway takes long to answer.",
  "It may have done it, or do it yet.",
  "Look before you repeat it:",
  `  ${commandText(LIST)}`,
];

function refusalLines(error: ErrorShape | undefined): string[] {
  const { next: given, cure } = error?.details ?? {};
  // A gateway of another version says it in words alone.
  const next = readText(given) ?? (typeof cure === "string" ? cure : undefined);
  const message = wrapText(error?.message ?? "It was refused.", PHONE_COLUMNS);
  return [...message, ...(next === undefined ? [] : [`  next: ${plainText(next)}`])];
}

function print(lines: readonly string[]): void {
  process.stderr.write(text(lines));
}

function text(lines: readonly string[]): string {
  return lines.map((line) => `${line}\n`).join("");
}

/** Sends one line; resolves with the first line that comes back. */
function ask(path: string, line: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ path });
    let asked = false;
    const end = (error: Error) => {
      clearTimeout(timer);
      socket.destroy();
      reject(asked ? UNANSWERED : error);
    };
    const timer = setTimeout(() => end(new Error("no answer")), PATIENCE_MS);
    const parts: Buffer[] = [];
    let bytes = 0;
    socket.on("error", end);
    socket.on("close", () => end(new Error("hung up")));
    socket.on("connect", () => {
      asked = true;
      socket.write(`${line}\n`);
    });
    socket.on("data", (part: Buffer) => {
      parts.push(part);
      bytes += part.length;
      const isWhole = part.includes("\n");
      if (!isWhole && bytes <= MOST_BYTES) return;
      clearTimeout(timer);
      socket.destroy();
      if (isWhole) resolve(Buffer.concat(parts).toString().split("\n")[0] ?? "");
      else reject(UNANSWERED);
    });
  });
}
