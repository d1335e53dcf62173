import type { SshSetup } from "../../../../src/cli/commands/ssh/scripts.ts";

/** Parts of approval over SSH that nothing of this machine knows. */
export const facts: SshSetup = {
  account: "openclaw",
  keysAccount: "openclaw-keys",
  folder: "/opt/x",
  keysFile: "/k",
  socket: "/s",
  node: "/n",
  program: "/p",
  timeouts: true,
};
