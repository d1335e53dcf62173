import { spawn } from "node:child_process";
import { tmpdir } from "node:os";
import { join } from "node:path";

/**
 * Runs `work` while no other test file does: machines share the host's ports, and a fresh nginx
 * listens on port 80 until its site is another. The kernel ends the turn of who dies in it.
 */
export async function inTurn<T>(work: () => Promise<T>): Promise<T> {
  const file = join(tmpdir(), "openclaw-gateway-vps-port-80.lock");
  const holder = spawn("flock", [file, "sh", "-c", "echo mine; cat"], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const ended = new Promise((resolve) => holder.once("close", resolve));
  await new Promise((resolve, reject) => {
    holder.stdout.once("data", resolve);
    holder.once("error", reject);
  });
  try {
    return await work();
  } finally {
    holder.stdin.end();
    await ended;
  }
}
