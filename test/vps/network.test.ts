import { spawn } from "node:child_process";
import { readdir, readFile, readlink } from "node:fs/promises";
import { createServer } from "node:net";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { until } from "../kit/until.ts";
import { Vps } from "../kit/vps.ts";
import { BASE_MS, whyNoVps } from "../kit/vps-base.ts";

const starter = fileURLToPath(new URL("./support/own-network.sh", import.meta.url));
/** The network namespace that the tests were started in. */
const OUTSIDE = `--net=/proc/${process.ppid}/ns/net`;

const reason = whyNoVps();
if (reason) console.log(`The tests of a machine's network are skipped: ${reason}.`);

let vps: Vps;

/** A program outside that holds a port there, and says which. */
async function heldOutside(): Promise<{ port: number; end: () => Promise<void> }> {
  const program = `const server = require("node:net").createServer();
    server.listen(0, "127.0.0.1", () => console.log(server.address().port));`;
  const child = spawn("nsenter", [OUTSIDE, process.execPath, "-e", program]);
  const ended = new Promise<void>((resolve) => child.once("close", () => resolve()));
  let said = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    said += text;
  });
  const port = await until(() => Number(said.trim()), "a port outside");
  const end = () => {
    child.kill("SIGKILL");
    return ended;
  };
  return { port, end };
}

/** Processes that make a way out, by the process whose network has it. */
async function waysOut(of: number): Promise<string[]> {
  const pids = (await readdir("/proc")).filter(Number);
  const lines = pids.map((pid) => readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => ""));
  return (await Promise.all(lines)).filter((line) => {
    const words = line.split("\0");
    return words[0] === "slirp4netns" && words.includes(String(of));
  });
}

describe.skipIf(reason !== undefined)("a machine's network", () => {
  beforeAll(async () => {
    vps = await Vps.boot();
  }, BASE_MS);
  afterAll(() => vps?.close());

  test("is its own and its tests', and nobody else's", async () => {
    const here = await readlink("/proc/self/ns/net");
    expect((await vps.ok(["readlink", "/proc/self/ns/net"])).trim()).toBe(here);
    expect(await readlink(`/proc/${process.ppid}/ns/net`)).not.toBe(here);
  });

  test("has every port free, whoever holds it outside", async () => {
    const outside = await heldOutside();
    try {
      const server = createServer();
      await new Promise<void>((resolve, reject) => {
        server.once("error", reject);
        server.listen(outside.port, "127.0.0.1", resolve);
      });
      await new Promise((resolve) => server.close(resolve));
      const { stdout } = await vps.exec(["ss", "-Htln"]);
      expect(stdout).not.toContain(`:${outside.port} `);
    } finally {
      await outside.end();
    }
  });

  test("leads out, and asks the names of whoever started the tests", async () => {
    expect(await vps.ok(["cat", "/etc/resolv.conf"])).toBe("nameserver 10.0.2.3\n");
    await vps.ok(["apt-get", "update", "-qq"]);
  }, 300_000);

  test("ends with its program, however that ends", async () => {
    const env = { ...process.env, OWN_NETWORK_NODE: process.execPath };
    const program =
      'console.log(process.pid, "OWN_NETWORK_NODE" in process.env); setInterval(() => 0, 1e6)';
    const child = spawn(starter, ["-e", program], { env, stdio: ["ignore", "pipe", "inherit"] });
    const ended = new Promise((resolve) => child.once("close", resolve));
    let said = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      said += text;
    });
    await until(() => said.endsWith("\n"), "the program in a network of its own");
    expect(said).toBe(`${child.pid} false\n`);
    expect(await waysOut(child.pid ?? 0)).toHaveLength(1);
    child.kill("SIGKILL");
    await ended;
    await until(async () => (await waysOut(child.pid ?? 0)).length === 0, "its way out to end");
  });
});
