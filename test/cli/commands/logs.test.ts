import { appendFileSync, chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { connectionLost } from "../../../src/cli/commands/logs/gateway-source.ts";
import { parseEntry } from "../../../src/cli/commands/logs/journal-source.ts";
import { parseLine } from "../../../src/cli/commands/logs/line.ts";
import { gatewayBehind, type Wire } from "../../../src/cli/reach/gateway.ts";
import { until } from "../../kit/until.ts";
import { FakeAdmin } from "../support/admin-server.ts";
import { NOW, openclaw } from "../support/io.ts";

const at = (ms: number) => new Date(NOW - ms).toISOString();
const line = (message: string, ms = 0, level = "info") =>
  JSON.stringify({ time: at(ms), level, message, deviceId: "ab" });

let admin: FakeAdmin;
beforeEach(async () => {
  admin = await new FakeAdmin().listen();
});
afterEach(() => admin.close());

function answers(lines: readonly string[]) {
  admin.answers["logs.tail"] = ({ cursor }) => {
    const from = typeof cursor === "number" ? cursor : 0;
    return {
      file: "standard output",
      cursor: lines.length,
      size: lines.length,
      lines: lines.slice(from),
    };
  };
}

describe("from a gateway that runs", () => {
  test("plain lines where nobody watches, and where they come from beside them", async () => {
    answers([line("gateway ready")]);
    const io = admin.io();
    expect(await openclaw("logs", io)).toBe(0);
    expect(io.lines).toEqual([`${at(0)} INFO  gateway ready deviceId=ab`]);
    expect(io.errors).toEqual(["From the gateway:"]);
  });

  test("colour and local time for a person", async () => {
    answers([line("broken", 0, "error")]);
    const io = admin.io();
    Object.assign(io, { showsPerson: true, colour: true });
    await openclaw("logs", io);
    expect(io.text).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d .\[31mERROR.\[0m broken/);
  });

  test("--json is one object a line and nothing else", async () => {
    answers([line("one"), line("t\u202ewo\u009b")]);
    const io = admin.io();
    await openclaw("logs --json", io);
    expect(io.errors).toEqual([]);
    expect(io.lines.map((text) => JSON.parse(text).message)).toEqual(["one", "t\u202ewo\u009b"]);
    expect(io.text).not.toMatch(/[\u009b\u202e]/);
  });

  test("--level and --since sort out, and what they sort out does not count", async () => {
    const noise = Array.from({ length: 10 }, (_, i) => line(`noise ${i}`));
    answers([line("old", 3_600_000, "error"), line("bad", 1000, "warn"), ...noise]);
    const io = admin.io();
    await openclaw("logs --level warn --since 5m --limit 3", io);
    expect(io.lines).toEqual([expect.stringContaining("WARN  bad")]);
    expect(admin.askedOf("logs.tail")[0]).toMatchObject({ limit: 5000 });
  });

  test("hostile text reaches no terminal, whatever the line holds", async () => {
    const bad = { time: at(0), level: "info", message: "\u001b[2J\u202eok", "na\u001bme": "a\nb" };
    answers([JSON.stringify(bad), "no json \u001b[31m", "{torn"]);
    const io = admin.io();
    await openclaw("logs", io);
    expect(io.lines).toHaveLength(3);
    for (const bad of ["\u001b", "\u202e"]) expect(io.text).not.toContain(bad);
  });

  test("--follow goes on from the cursor, also after the gateway was away", async () => {
    const lines = [line("first")];
    answers(lines);
    const io = admin.io();
    void openclaw("logs --follow", io).catch(() => undefined);
    await until(() => io.text.includes("first") || undefined, "the first line");
    lines.push(line("second"));
    await until(() => io.text.includes("second") || undefined, "the second line");
    await admin.stop();
    await until(() => io.errorText.includes("went away") || undefined, "the notice");
    lines.push(line("third"));
    await admin.listen();
    await until(() => io.text.includes("third") || undefined, "the third line");
    expect(io.lines.filter((text) => text.includes("first"))).toHaveLength(1);
    // The next look ends it: a gateway that has no such method is no restart.
    admin.answers = {};
  });

  test.each(["--since soon", "--level loud", "--limit 0", "--limit 9999"])("%s", async (words) => {
    expect(await openclaw(`logs ${words}`, admin.io())).toBe(2);
  });
});

describe("from where it wrote while it is down", () => {
  beforeEach(() => admin.stop());

  function file(name: string, text: string): string {
    const path = join(admin.folder, name);
    mkdirSync(join(path, ".."), { recursive: true });
    writeFileSync(path, text);
    return path;
  }

  const pino = (msg: string) => JSON.stringify({ level: 40, time: at(0), msg });

  test("the file of the configuration, followed as it grows", async () => {
    const path = file("logs/gateway.log", `${pino("one")}\n${pino("two")}\n`);
    file("state/openclaw.json", JSON.stringify({ logging: { file: path } }));
    const io = admin.io();
    expect(await openclaw("logs --limit 1", io)).toBe(0);
    expect(io.lines).toEqual([`${at(0)} WARN  two`]);
    expect(io.errors).toEqual([`From ${path}:`]);
    const followed = admin.io();
    void openclaw("logs -f", followed).catch(() => undefined);
    await until(() => followed.lines.length === 2 || undefined, "the lines so far");
    appendFileSync(path, pino("three").slice(0, 20));
    appendFileSync(path, `${pino("three").slice(20)}\n`);
    await until(() => followed.text.includes("three") || undefined, "the new line");
    writeFileSync(path, `${pino("rotated")}\n`);
    await until(() => followed.text.includes("rotated") || undefined, "the new file's line");
    expect(followed.lines).toHaveLength(4);
  });

  test("the file of a configuration of which another key is wrong", async () => {
    const path = file("logs/gateway.log", `${pino("gateway.bind: no such value")}\n`);
    const wrong = { logging: { file: path }, gateway: { bind: "all", port: "x" }, "": 1 };
    file("state/openclaw.json", JSON.stringify(wrong));
    const io = admin.io();
    expect(await openclaw("logs", io)).toBe(0);
    expect(io.lines).toEqual([`${at(0)} WARN  gateway.bind: no such value`]);
    expect(io.errors).toEqual([`From ${path}:`]);
  });

  test("pm2's file", async () => {
    const path = file(".pm2/logs/openclaw-gateway-out.log", `${pino("one")}\n`);
    const io = admin.io();
    Object.assign(io.env, { PATH: "/nonexistent" });
    expect(await openclaw("logs", io)).toBe(0);
    expect(io.errors).toEqual([`From ${path}:`]);
  });

  test("journald, where systemd knows the unit", async () => {
    const bin = join(admin.folder, "bin");
    const entry = { MESSAGE: pino("from the journal"), PRIORITY: "6", __REALTIME_TIMESTAMP: "1" };
    const tools = {
      systemctl: "printf 'LoadState=loaded\\nActiveState=failed\\n'",
      journalctl: `echo "$@" >${admin.folder}/asked; echo '${JSON.stringify(entry)}'`,
    };
    for (const [name, script] of Object.entries(tools)) {
      chmodSync(file(`bin/${name}`, `#!/bin/sh\n${script}\n`), 0o755);
    }
    const io = admin.io();
    Object.assign(io.env, { PATH: `${bin}:/usr/bin:/bin` });
    expect(await openclaw("logs --limit 7", io)).toBe(0);
    expect(io.lines).toEqual([`${at(0)} WARN  from the journal`]);
    expect(io.errors).toEqual(["From journald, unit openclaw-gateway:"]);
    const asked = readFileSync(join(admin.folder, "asked"), "utf8");
    expect(asked).toBe("-u openclaw-gateway -o json --all --no-pager -n 7\n");
  });

  const tools = (scripts: Record<string, string>) => {
    for (const [name, script] of Object.entries(scripts)) {
      chmodSync(file(`bin/${name}`, `#!/bin/sh\n${script}\n`), 0o755);
    }
    return `${join(admin.folder, "bin")}:/usr/bin:/bin`;
  };
  const failed = "printf 'LoadState=loaded\\nActiveState=failed\\n'";

  test("journald, of which this user may see nothing: it says so, and how it is read", async () => {
    const hint = "Hint: You are currently not seeing messages from other users and the system.";
    const loaded = "printf 'LoadState=loaded\\nActiveState=inactive\\n'";
    const io = admin.io();
    await admin.stop();
    io.env["PATH"] = tools({ systemctl: loaded, journalctl: `echo '${hint}' >&2` });
    expect(await openclaw("logs", io)).toBe(1);
    expect(io.errorText).toContain(hint);
    expect(io.errorText).toContain("journalctl -u openclaw-gateway -n 200 --no-pager");
    // Where nothing was written yet there is nothing to complain of.
    io.env["PATH"] = tools({ systemctl: loaded, journalctl: "exit 0" });
    expect(await openclaw("logs", io)).toBe(0);
  });

  test("the file and journald together: a start may have ended before there was a log", async () => {
    const path = file("gateway.log", `${pino("one")}\n${pino("two")}\n`);
    file("state/openclaw.json", JSON.stringify({ logging: { file: path } }));
    const entry = { MESSAGE: "Segmentation fault", __REALTIME_TIMESTAMP: `${NOW + 1}000` };
    const io = admin.io();
    io.env["PATH"] = tools({ systemctl: failed, journalctl: `echo '${JSON.stringify(entry)}'` });
    expect(await openclaw("logs --limit 2", io)).toBe(0);
    expect(io.lines.map((text) => text.slice(25))).toEqual([
      "WARN  two",
      "INFO  Segmentation fault",
    ]);
    expect(io.errors).toEqual([`From ${path} and journald, unit openclaw-gateway:`]);
    io.env["PATH"] = tools({ systemctl: failed, journalctl: "exit 1" });
    expect(await openclaw("logs --limit 1", io)).toBe(0);
    expect(io.lines.at(-1)).toContain("two");
  });

  test("the file that a configuration names which can't be read any more", async () => {
    const path = file("gateway.log", `${pino("one")}\n`);
    file("state/openclaw.json", `{ "logging": { "file": "${path}" }, "gateway": { bind }`);
    const io = admin.io();
    io.env["PATH"] = "/nonexistent";
    expect(await openclaw("logs", io)).toBe(0);
    expect(io.errors).toEqual([`From ${path}:`]);
  });

  test("nothing at all is said, with what to type", async () => {
    const io = admin.io();
    Object.assign(io.env, { PATH: "/nonexistent" });
    expect(await openclaw("logs", io)).toBe(3);
    expect(io.errorText).toContain("next: openclaw gateway run");
  });
});

describe("a connection by URL that is gone", () => {
  const gateway = (how: Wire["how"]) =>
    gatewayBehind({ how, call: async () => ({}), close: async () => undefined });
  const coded = (code: string) => Object.assign(new Error("gateway closed"), { code });

  test("is told by an error without a code, whatever that says", () => {
    const lost = connectionLost(gateway("remote"), new Error("some words"));
    expect(lost).toMatchObject({ exit: "unreachable", message: "some words" });
  });

  test.each([
    ["an answer of the gateway", gateway("remote"), coded("INVALID_REQUEST")],
    ["a time-out", gateway("remote"), coded("CLIENT_TIMEOUT")],
    ["a defect here, by the admin socket", gateway("running"), new Error("gateway closed")],
    ["no error", gateway("remote"), "gateway closed"],
  ])("is not taken from %s", (_what, reached, error) => {
    expect(connectionLost(reached, error)).toBeUndefined();
  });
});

describe("a line that tells what to type", () => {
  const told = (message: string, more: object = {}) =>
    JSON.stringify({
      time: at(0),
      level: "warn",
      message,
      next: "openclaw config set gateway.port 18789",
      ...more,
    });
  const HEAD = `${at(0)} WARN `;

  async function printed(text: string, lineColumns = Number.POSITIVE_INFINITY) {
    answers([text]);
    const io = admin.io();
    io.lineColumns = lineColumns;
    await openclaw("logs", io);
    return io.lines;
  }

  test("says it once, where the message has it", async () => {
    const text = told("changed; back: openclaw config set gateway.port 18789 (or so)", { key: 1 });
    expect(await printed(text)).toEqual([
      `${HEAD} changed; back: openclaw config set gateway.port 18789 (or so) key=1`,
    ]);
  });

  test("keeps it in one piece in a narrow terminal", async () => {
    const lines = await printed(told("changed; back: openclaw config set gateway.port 18789"), 45);
    expect(lines).toHaveLength(3);
    expect(lines[2]?.trim()).toBe("openclaw config set gateway.port 18789");
  });

  test("has it as a fact, where the message does not say it", async () => {
    expect(await printed(told("changed"))).toEqual([
      `${HEAD} changed next="openclaw config set gateway.port 18789"`,
    ]);
    expect(await printed(told("changed", { next: ["x"] }))).toEqual([`${HEAD} changed next=["x"]`]);
  });

  test("has all of it as JSON", async () => {
    answers([told("back: openclaw config set gateway.port 18789")]);
    const io = admin.io();
    await openclaw("logs --json", io);
    expect(JSON.parse(io.text)).toMatchObject({
      message: "back: openclaw config set gateway.port 18789",
      next: "openclaw config set gateway.port 18789",
    });
  });
});

describe("a line", () => {
  test("of pino, of logs.tail and of neither", () => {
    expect(parseLine('{"level":50,"time":"2026-09-01T12:00:00.000Z","msg":"a","x":1}')).toEqual({
      atMs: NOW,
      level: "error",
      message: "a",
      facts: { x: 1 },
    });
    expect(parseLine("plain")).toEqual({ level: "info", message: "plain", facts: {} });
    for (const text of ["{", "{}", '{"level":9,"time":"never"}', "[1]", "null"]) {
      expect(parseLine(text).level).toBe("info");
    }
  });

  test("of journald: systemd's own words, and bytes that are no text", () => {
    const entry = { MESSAGE: "Started it.", PRIORITY: "3", __REALTIME_TIMESTAMP: `${NOW}000` };
    expect(parseEntry(JSON.stringify(entry))).toEqual({
      atMs: NOW,
      level: "error",
      message: "Started it.",
      facts: {},
    });
    const bytes = { MESSAGE: [104, 105, 255], PRIORITY: null };
    expect(parseEntry(JSON.stringify(bytes))).toMatchObject({ message: "hi\ufffd" });
    expect(parseEntry("torn {")).toMatchObject({ message: "torn {" });
  });
});
