import { expect } from "vitest";
import { askApprover } from "../kit/approve-socket.ts";
import type { Frame } from "../kit/client.ts";
import { sshKey } from "../kit/ssh-key.ts";
import type { Machine, Told } from "./machine.ts";
import { gatewayOf } from "./people.ts";

/** The fingerprint of a new key that may approve everything. */
export async function approver(m: Machine): Promise<string> {
  const params = { publicKey: sshKey(7), may: ["operator", "admin"] };
  const { key } = await gatewayOf(m).host<Frame>("host.ssh.add", params);
  return key.fingerprint;
}

/** What an approver's key is answered by the approve socket. */
export function ask(m: Machine, key: string, method: string, params: object): Promise<Frame> {
  return askApprover(gatewayOf(m), { method: `approver.${method}`, params, key });
}

/** Types a verb that the approve socket named, with its code; resolves with the lines of its answer. */
export async function verb(m: Machine, told: Told, wanted: RegExp, key: string): Promise<string> {
  let lines: readonly string[] = [];
  await m.answers(told, wanted, async ([name = "", requestId, ...rest]) => {
    const without = rest.length > 0 ? { without: ["nodes"] } : {};
    const params = requestId === undefined ? {} : { requestId, ...without };
    const { payload, error } = await ask(m, key, name, params);
    expect(error).toBeUndefined();
    lines = payload.lines;
  });
  return lines.join("\n");
}
