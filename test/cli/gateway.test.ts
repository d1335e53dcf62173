import { chmodSync, readFileSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { FakeAdmin, Refuse } from "./support/admin-server.ts";
import { type FakeIo, NOW, openclaw } from "./support/io.ts";
import { hostInfo } from "./support/rows.ts";

let admin: FakeAdmin;
let starts = 0;
beforeEach(async () => {
  admin = await new FakeAdmin().listen();
  starts = 0;
  const configPath = join(admin.folder, "openclaw.json");
  admin.answers["host.info"] = () => hostInfo({ startedAtMs: NOW + starts, configPath });
  admin.answers["host.restart"] = () => {
    starts += 1;
    return { restarting: true };
  };
});
afterEach(() => {
  vi.restoreAllMocks();
  return admin.close();
});

/** Puts a program on the path that notes its arguments and does what `script` says. */
function program(io: FakeIo, name: string, script: string): () => string {
  const log = join(admin.folder, `${name}.log`);
  const file = join(admin.folder, name);
  writeFileSync(file, `#!/bin/sh\necho "$@" >> ${log}\n${script}\n`);
  chmodSync(file, 0o755);
  io.env["PATH"] = `${admin.folder}:${process.env["PATH"]}`;
  return () => readFileSync(log, "utf8").trim();
}

/** A gateway under a supervisor: another start as soon as `systemctl` or `pm2` was called. */
function supervised(supervisor: "systemd" | "pm2", unit: string, log: () => string): void {
  const called = () => {
    try {
      return log() !== "";
    } catch {
      return false;
    }
  };
  admin.answers["host.info"] = () =>
    hostInfo({ supervisor, unit, startedAtMs: called() ? NOW + 1 : NOW });
}

describe("gateway restart", () => {
  test("bare: asks the gateway, waits for its next start and says how long", async () => {
    const io = admin.io();
    expect(await openclaw("gateway restart", io)).toBe(0);
    expect(admin.askedOf("host.restart")).toHaveLength(1);
    expect(io.text).toMatch(/^The gateway accepts connections again after \d+ ms/);
  });

  test("waits until it is ready where it listens", async () => {
    let asked = 0;
    const http: Server = createServer((_request, response) => {
      asked += 1;
      response.writeHead(asked < 3 ? 503 : 200).end();
    });
    await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
    const listening = [`http://0.0.0.0:${(http.address() as AddressInfo).port}`];
    admin.answers["host.info"] = () => hostInfo({ startedAtMs: NOW + starts, listening });
    expect(await openclaw("gateway restart", admin.io())).toBe(0);
    expect(asked).toBe(3);
    http.close();
  });

  test("under systemd through systemctl", async () => {
    vi.spyOn(process, "getuid").mockReturnValue(0);
    const io = admin.io();
    const log = program(io, "systemctl", "exit 0");
    supervised("systemd", "openclaw-gateway.service", log);
    expect(await openclaw("gateway restart", io)).toBe(0);
    expect(log()).toBe("--no-ask-password restart openclaw-gateway");
    expect(admin.askedOf("host.restart")).toEqual([]);
  });

  test("names the command where systemd lacks the right", async () => {
    vi.spyOn(process, "getuid").mockReturnValue(1000);
    const io = admin.io();
    program(io, "systemctl", "echo 'Interactive authentication required.' >&2; exit 1");
    admin.answers["host.info"] = () =>
      hostInfo({ supervisor: "systemd", unit: "openclaw-gateway.service" });
    expect(await openclaw("gateway restart", io)).toBe(1);
    expect(io.errors.at(-1)).toBe("  next: sudo systemctl restart openclaw-gateway");
  });

  test("under pm2 through pm2", async () => {
    const io = admin.io();
    const log = program(io, "pm2", "exit 0");
    supervised("pm2", "3", log);
    expect(await openclaw("gateway restart", io)).toBe(0);
    expect(log()).toBe("restart 3");
  });

  test("a gateway that does not answer is restarted through its unit", async () => {
    const io = admin.io();
    await admin.stop();
    const shown = "LoadState=loaded\\nActiveState=failed";
    const log = program(io, "systemctl", `[ "$1" = show ] && printf '${shown}\\n'; exit 0`);
    const again = setTimeout(() => void admin.listen(), 200);
    expect(await openclaw("gateway restart", io)).toBe(0);
    clearTimeout(again);
    expect(io.errorText).toContain("systemd knows openclaw-gateway as failed and restarts it");
    expect(log()).toContain("--no-ask-password restart openclaw-gateway");
  });

  test("is refused while the configuration would not start", async () => {
    const configPath = join(admin.folder, "openclaw.json");
    writeFileSync(configPath, '{ "gateway": { "port": "many" } }');
    const io = admin.io();
    expect(await openclaw("gateway restart", io)).toBe(78);
    expect(admin.askedOf("host.restart")).toEqual([]);
    expect(io.errors.at(-1)).toBe("  next: openclaw config validate");
  });
});

describe("gateway stop", () => {
  test("bare: asks the gateway and waits until it is gone", async () => {
    admin.answers["host.info"] = () => hostInfo({ pid: 2 ** 30 });
    admin.answers["host.stop"] = () => {
      setTimeout(() => void admin.stop(), 50);
      return { stopping: true };
    };
    const io = admin.io();
    expect(await openclaw("gateway stop", io)).toBe(0);
    expect(io.text).toMatch(/^The gateway stopped after/);
  });
});

describe("gateway call", () => {
  test("sends params and prints the answer as it is", async () => {
    admin.answers["logs.tail"] = (params) => ({ params, odd: "\u202e" });
    const io = admin.io();
    expect(await openclaw(`gateway call logs.tail --params '{"limit":1}'`, io)).toBe(0);
    expect(JSON.parse(io.text)).toEqual({ params: { limit: 1 }, odd: "\u202e" });
    expect(io.text).toContain("\\u202e");
  });

  test("a refusal keeps its words and its way out", async () => {
    admin.answers["x"] = () => {
      throw new Refuse({ code: "UNAVAILABLE", message: "busy", retryAfterMs: 900 });
    };
    const io = admin.io();
    expect(await openclaw("gateway call x", io)).toBe(1);
    expect(io.errors).toEqual(["openclaw: busy", "  next: repeat the command in 1 s"]);
  });
});

describe("admin socket", () => {
  test("works below a path that is too long for the kernel", async () => {
    const io = admin.io();
    admin.answers["health"] = () => ({ ok: true });
    const { mkdirSync, renameSync } = await import("node:fs");
    const deep = join(admin.folder, "x".repeat(80), "y".repeat(80));
    mkdirSync(deep, { recursive: true });
    renameSync(admin.path, join(deep, "admin.sock"));
    io.env["OPENCLAW_ADMIN_SOCKET"] = join(deep, "admin.sock");
    expect(await openclaw("health", io)).toBe(0);
  });

  test("a gateway that hangs up is not waited for", async () => {
    const io = admin.io();
    admin.answers["health"] = () => {
      void admin.stop();
      return {};
    };
    expect(await openclaw("health", io)).toBe(3);
    expect(io.errorText).toContain("ended the connection without an answer");
  });

  test("an answer that never comes is given up by --timeout", async () => {
    const io = admin.io();
    const { createServer: createNet } = await import("node:net");
    const path = join(admin.folder, "mute.sock");
    const mute = createNet((socket) => socket.on("error", () => socket.destroy()));
    await new Promise<void>((resolve) => mute.listen(path, resolve));
    io.env["OPENCLAW_ADMIN_SOCKET"] = path;
    expect(await openclaw("gateway call health --timeout 60", io)).toBe(3);
    expect(io.errorText).toContain("no answer to health within 0.06 s");
    mute.close();
  });
});
