import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const module = fileURLToPath(new URL("../kit/free-port.mjs", import.meta.url));
/** Containers of their own count processes alike, and so do machines that were started anew. */
const SAME_PID = 4_242;
const PORTS = 20;

/** A process that takes ports, tells them, and stays until it is ended. */
async function taker() {
  const program = `
    Object.defineProperty(process, "pid", { value: ${SAME_PID} });
    const { freePort } = await import(${JSON.stringify(module)});
    const ports = [];
    for (let i = 0; i < ${PORTS}; i += 1) ports.push(await freePort());
    console.log(JSON.stringify(ports));
    process.stdin.resume();`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", program], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const ended = new Promise((resolve) => child.once("close", resolve));
  const told = await new Promise<string>((resolve) => child.stdout.once("data", resolve));
  const ports: number[] = JSON.parse(String(told));
  const end = () => {
    child.stdin.end();
    return ended;
  };
  return { ports, end };
}

test("processes that run at once are given no port twice, while none of them is held", async () => {
  const takers = await Promise.all([taker(), taker(), taker()]);
  const ports = takers.flatMap((one) => one.ports);
  expect(new Set(ports).size).toBe(3 * PORTS);
  // Its block keeps no process alive, and is another's once that has ended.
  expect(await Promise.all(takers.map((one) => one.end()))).toEqual([0, 0, 0]);
});
