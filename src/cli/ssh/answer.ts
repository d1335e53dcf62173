import { connect } from "node:net";
import { wrapText } from "../../lib/width.ts";
import type { ErrorShape } from "../../protocol/frames.ts";

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

/** Longer than the disk of a small VPS takes for one commit, shorter than a person waits. */
const PATIENCE_MS = 8_000;
/** What a gateway answers is far shorter; nothing else may fill this process. */
const MOST_CHARS = 256 * 1024;

const EXIT = { refused: 1, unreachable: 3 } as const;

/** The argument's name in the params of each verb. */
const params: Readonly<Record<string, string>> = {
  show: "requestId",
  approve: "requestId",
  reject: "requestId",
  revoke: "deviceId",
};

/**
 * What `answer.sh` runs once it has understood a verb: asks the gateway on the approve socket and prints
 * what it says. Words: socket, fingerprint of the key, address of whoever uses it, verb, its argument.
 * Resolves with the exit code.
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
  } catch {
    print(["The gateway does not answer.", "Is it running? On its machine:", "  openclaw doctor"]);
    return EXIT.unreachable;
  }
  if (reply.ok) {
    process.stdout.write(text(reply.payload?.lines ?? []));
    return 0;
  }
  print(refusalLines(reply.error));
  return EXIT.refused;
}

/** Columns of a phone's terminal held upright. */
const WIDTH = 40;

function refusalLines(error: ErrorShape | undefined): string[] {
  const cure = error?.details?.["cure"];
  const message = wrapText(error?.message ?? "It was refused.", WIDTH);
  return [...message, ...(typeof cure === "string" ? [`  next: ${cure}`] : [])];
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
    const end = (error: Error) => {
      clearTimeout(timer);
      socket.destroy();
      reject(error);
    };
    const timer = setTimeout(() => end(new Error("no answer")), PATIENCE_MS);
    let said = "";
    socket.setEncoding("utf8");
    socket.on("error", end);
    socket.on("close", () => end(new Error("hung up")));
    socket.on("connect", () => socket.write(`${line}\n`));
    socket.on("data", (part: string) => {
      said += part;
      const at = said.indexOf("\n");
      if (at < 0 && said.length <= MOST_CHARS) return;
      clearTimeout(timer);
      resolve(said.slice(0, at));
      socket.destroy();
    });
  });
}
