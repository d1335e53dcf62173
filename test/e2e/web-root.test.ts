import { randomBytes } from "node:crypto";
import { mkdir, mkdtemp, readdir, readFile, readlink, rm, writeFile } from "node:fs/promises";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { GatewayProcess } from "../kit/process.ts";
import { until } from "../kit/until.ts";

const MiB = 1024 * 1024;
const large = randomBytes(12 * MiB);

let folder: string;
let gateway: GatewayProcess;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "web-root-"));
  await mkdir(join(folder, "app"));
  await writeFile(join(folder, "app/index.html"), "<!doctype html>the app");
  await writeFile(join(folder, "app/large.woff2"), large);
  await writeFile(join(folder, "app/empty.css"), "");
  await writeFile(join(folder, "app/a.js"), "a");
  await writeFile(join(folder, "app/a.js.gz"), gzipSync("packed"));
  gateway = await GatewayProcess.prepare();
});
afterEach(async () => {
  await gateway.close();
  await rm(folder, { recursive: true, force: true });
});

const configure = (root: string) =>
  writeFile(join(gateway.stateDir, "openclaw.json"), JSON.stringify({ dashboard: { root } }));

async function serve(): Promise<void> {
  await configure(join(folder, "app"));
  await gateway.start();
}

const get = (path: string, options: RequestInit = {}) =>
  fetch(`http://127.0.0.1:${gateway.port}${path}`, options);

/** Resident memory of the gateway in bytes. */
async function memory(): Promise<number> {
  const text = await readFile(`/proc/${gateway.run.pid}/status`, "utf8");
  return Number(/VmRSS:\s+(\d+) kB/.exec(text)?.[1]) * 1024;
}

describe("files over the wire", () => {
  test("come whole, however large, and as often as somebody asks", async () => {
    await serve();
    for (let n = 0; n < 3; n += 1) {
      const answer = await get("/large.woff2");
      expect(answer.headers.get("content-length")).toBe(String(large.length));
      expect(Buffer.from(await answer.arrayBuffer()).equals(large)).toBe(true);
    }
    const empty = await get("/empty.css");
    expect([empty.status, await empty.text()]).toEqual([200, ""]);
    expect(await (await get("/a.js")).text()).toBe("packed");
    expect(await (await get("/settings/devices")).text()).toContain("the app");
  });

  test("HEAD tells their length alone, and the connection goes on", async () => {
    await serve();
    for (let n = 0; n < 3; n += 1) {
      const head = await get("/large.woff2", { method: "HEAD" });
      expect([head.status, head.headers.get("content-length"), await head.text()]).toEqual([
        200,
        String(large.length),
        "",
      ]);
      const again = { headers: { "if-none-match": head.headers.get("etag") ?? "" } };
      expect((await get("/large.woff2", again)).status).toBe(304);
      expect((await get("/healthz")).status).toBe(200);
    }
  });

  test("to many who read nothing keep little in memory, and end with them", async () => {
    await serve();
    await (await get("/large.woff2")).arrayBuffer();
    const before = await memory();
    const stuck: Socket[] = [];
    for (let n = 0; n < 60; n += 1) {
      const socket = connect(gateway.port, "127.0.0.1");
      socket.on("error", () => undefined);
      socket.pause();
      socket.write("GET /large.woff2 HTTP/1.1\r\nHost: localhost\r\n\r\n");
      stuck.push(socket);
    }
    // 60 of 64 places are taken: what others ask for still comes.
    await until(async () => (await openFiles()) >= 60, "60 files that are being sent");
    expect((await get("/large.woff2", { method: "HEAD" })).status).toBe(200);
    expect((await memory()) - before).toBeLessThan(60 * MiB);
    for (const socket of stuck) socket.destroy();
    await until(async () => (await openFiles()) === 0, "all files are closed");
    expect(Buffer.from(await (await get("/large.woff2")).arrayBuffer()).equals(large)).toBe(true);
  });
});

/** How many times the gateway has the large file open. */
async function openFiles(): Promise<number> {
  const fds = `/proc/${gateway.run.pid}/fd`;
  const names = await readdir(fds);
  const targets = await Promise.all(names.map((name) => readlink(join(fds, name)).catch(() => "")));
  return targets.filter((target) => target.endsWith("large.woff2")).length;
}

describe("a folder that must not be served", () => {
  test("keeps the gateway from starting, with the key and the way out", async () => {
    await configure(gateway.stateDir);
    const run = gateway.launch();
    expect(await run.end()).toBe(78);
    expect(run.output).toContain("dashboard.root");
    expect(run.output).toContain("holds the gateway's state");
    expect(run.output).toContain("openclaw config unset dashboard.root");
    const doctor = await gateway.cli(["doctor", "--json"]);
    const finding = { id: "dashboard.root", level: "fail" };
    expect(JSON.parse(doctor.stdout)).toContainEqual(expect.objectContaining(finding));
    await gateway.ok(["config", "unset", "dashboard.root"]);
    await gateway.start();
  });

  test("that is gone leaves the gateway's own page, and a warning", async () => {
    await configure(join(folder, "gone"));
    const run = await gateway.start();
    expect(await (await get("/")).text()).toContain("<!doctype html>");
    // The page answers before the log is written.
    await until(
      () => run.output.includes("dashboard.root is not served") || undefined,
      "a line about dashboard.root",
    );
    const doctor = await gateway.cli(["doctor", "--json"]);
    const finding = { id: "dashboard.root", level: "warn" };
    expect(JSON.parse(doctor.stdout)).toContainEqual(expect.objectContaining(finding));
    const { url } = await gateway.json<{ url: string }>(["devices", "invite"]);
    expect((await fetch(url)).status).toBe(200);
  });
});
