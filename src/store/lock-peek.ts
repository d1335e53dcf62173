import { readlink } from "node:fs/promises";
import { basename } from "node:path";
import { SocketFolder } from "../lib/socket-folder.ts";
import { systemWorld, type World } from "../lib/world.ts";
import { systemCode } from "./errors.ts";
import type { LockHolder } from "./lock.ts";
import { probe } from "./lock-socket.ts";

const pointer = "writer.sock";
const answerMs = 2_000;

/**
 * The holder of the writer's lock of `folder`, without taking it or touching anything; `undefined`
 * when no process has it. A holder that does not say what it is comes as `{}`.
 * @throws the system's error if it may not be asked
 */
export async function peekWriterLock(
  folder: string,
  world: World = systemWorld,
): Promise<Partial<LockHolder> | undefined> {
  const target = await readlink(`${folder}/${pointer}`).catch((error) => {
    if (systemCode(error) === "ENOENT") return undefined;
    throw error;
  });
  if (target === undefined) return undefined;
  const name = basename(target);
  const within = await SocketFolder.open(folder, Buffer.byteLength(name));
  try {
    const found = await probe(within.socket(name), world, answerMs);
    return found.state === "dead" ? undefined : parse(found.answer);
  } finally {
    await within.close();
  }
}

function parse(answer: string | undefined): Partial<LockHolder> {
  try {
    const said: unknown = JSON.parse(answer ?? "{}");
    return typeof said === "object" && said !== null ? said : {};
  } catch {
    return {};
  }
}
