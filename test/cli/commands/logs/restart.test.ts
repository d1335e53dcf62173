import { appendFileSync, chmodSync, mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { until } from "../../../kit/until.ts";
import { FakeAdmin } from "../../support/admin-server.ts";
import { type FakeIo, NOW, openclaw } from "../../support/io.ts";

/** `openclaw logs --follow` while the gateway ends, fails to start, and comes back. */

// Looks follow each other quicker, so that the tests do.
vi.mock("../../../../src/cli/commands/logs/source.ts", () => ({ POLL_MS: 50 }));

let admin: FakeAdmin;
let io: FakeIo;
beforeEach(async () => {
  admin = await new FakeAdmin().listen();
  io = admin.io();
  io.env["PATH"] = `${join(admin.folder, "bin")}:/usr/bin:/bin`;
  for (const name of ["systemctl", "journalctl"]) tool(name, "exit 1");
});
afterEach(async () => {
  // The next look ends what follows: a gateway without such a method is no restart.
  admin.answers = {};
  await admin.stop();
  await admin.listen();
  await until(() => ended, "the end of what follows");
  await admin.close();
});

let ended = false;
function follow(): void {
  ended = false;
  void openclaw("logs --follow --json", io).finally(() => {
    ended = true;
  });
}

function write(path: string, text: string): string {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  return path;
}

function tool(name: string, script: string): void {
  chmodSync(write(join(admin.folder, "bin", name), `#!/bin/sh\n${script}\n`), 0o755);
}

interface Said {
  readonly msg: string;
  readonly ms: number;
  readonly level?: number;
  readonly facts?: object;
}

/** A line as the log writes it, and as `logs.tail` answers it. */
const raw = ({ msg, ms, level = 30, facts = {} }: Said) =>
  JSON.stringify({ level, time: new Date(NOW + ms).toISOString(), ...facts, msg });
const told = ({ msg, ms, level = 30, facts = {} }: Said) => {
  const name = level === 60 ? "fatal" : "info";
  const time = new Date(NOW + ms).toISOString();
  return JSON.stringify({ time, level: name, message: msg, ...facts });
};

/** The gateway's memory: what `logs.tail` has, from a cursor on; a new process knows no cursor of before. */
function memory(lines: Said[], origin = 0): void {
  admin.answers["logs.tail"] = ({ cursor }) => {
    const at = Number(cursor ?? origin) - origin;
    const known = cursor !== undefined && at >= 0 && at <= lines.length;
    const end = origin + lines.length;
    const found = known ? lines.slice(at) : lines;
    const reset = cursor !== undefined && !known;
    return { file: "x", cursor: end, size: end, lines: found.map(told), truncated: false, reset };
  };
}

const messages = () => io.lines.map((line) => String(JSON.parse(line).message));
const seen = (message: string) => until(() => messages().includes(message), message);
const isAway = () => until(() => io.errorText.includes("went away"), "the notice");

const before: Said[] = [
  { msg: "gateway ready", ms: 1 },
  { msg: "twice", ms: 2 },
  { msg: "twice", ms: 2 },
];
const last: Said[] = [
  // As the line before, in the same moment: another one all the same.
  { msg: "twice", ms: 2 },
  { msg: "stopping", ms: 3 },
];
const audit: Said = { msg: "audit", ms: 3, facts: { audit: 7, event: "gateway.stopped" } };
const failed: Said = { msg: "gateway.bind: no such value", ms: 4, level: 60, facts: { next: "x" } };
const after: Said[] = [
  { msg: "gateway ready", ms: 6 },
  { msg: "late", ms: 7 },
];
const all = [...before, ...last, failed, ...after].map(({ msg }) => msg);

describe("from the file of the configuration", () => {
  const file = () => join(admin.folder, "logs/gateway.log");
  const rotate = () => {
    renameSync(file(), `${file()}.1`);
    writeFileSync(file(), "");
  };
  const log = (...lines: Said[]) =>
    appendFileSync(file(), lines.map((one) => `${raw(one)}\n`).join(""));

  beforeEach(() => {
    write(file(), "");
    log({ msg: "long ago", ms: -60_000 }, ...before);
    write(join(admin.folder, "state/openclaw.json"), JSON.stringify({ logging: { file: file() } }));
  });

  test.each([
    ["in one file", () => undefined],
    ["rotated in between", rotate],
  ])(
    "the last lines, a start that fails and the next one, once each: %s",
    async (_how, between) => {
      memory(before);
      follow();
      await seen("twice");
      await admin.stop();
      log(...last, audit);
      between();
      await isAway();
      await seen("stopping");
      log(failed);
      await seen(failed.msg);
      between();
      log(after[0] as Said);
      await seen("gateway ready");
      memory(after, 1_000);
      await admin.listen();
      await seen("late");
      expect(messages()).toEqual(all);
      expect(io.errorText).toContain(`meanwhile from ${file()}:`);
      expect(io.errors.at(-1)).toBe("the gateway is back");
    },
  );

  test("that is no file any more: why, in words", async () => {
    memory(before);
    follow();
    await seen("twice");
    await admin.stop();
    rmSync(file());
    mkdirSync(file());
    await until(() => io.errorText.includes("can't be read"), "why");
    const said = io.errors.filter((line) => line.includes("can't be read"));
    expect(said).toEqual([`${file()} can't be read: it is a folder`]);
  });

  test("another restart right after it, of the same process", async () => {
    memory(before);
    follow();
    await seen("twice");
    await admin.stop();
    log(...last);
    await seen("stopping");
    // The process kept its memory, and with it what was read from the file.
    memory([...before, ...last, ...after]);
    log(...after);
    await admin.listen();
    await seen("late");
    await admin.stop();
    log(failed);
    await seen(failed.msg);
    expect(messages()).toEqual([...before, ...last, ...after, failed].map(({ msg }) => msg));
  });

  test("lines that the gateway's memory lost while it ran", async () => {
    memory(before);
    follow();
    await seen("twice");
    log(...last, failed, ...after);
    memory(after, 1_000);
    await seen("late");
    expect(messages()).toEqual(all);
    expect(io.errors).toEqual([]);
  });

  test("a line so long that the gateway's memory cut it", async () => {
    const words = "é".repeat(5_000);
    const cut: Said = { msg: `${words.slice(0, 2_048)}…`, ms: 5, facts: { cut: true } };
    memory([cut]);
    log({ msg: words, ms: 5 });
    follow();
    await seen(cut.msg);
    await admin.stop();
    log({ msg: "stopping", ms: 6 });
    await seen("stopping");
    expect(messages()).toEqual([cut.msg, "stopping"]);
  });

  test("and a file that only the start which fails was told of", async () => {
    memory(before);
    follow();
    await seen("twice");
    const other = join(admin.folder, "logs/other.log");
    write(join(admin.folder, "state/openclaw.json"), JSON.stringify({ logging: { file: other } }));
    write(other, `${raw(failed)}\n`);
    await admin.stop();
    log(...last);
    await seen("stopping");
    expect(messages()).toEqual([...before, ...last, failed].map(({ msg }) => msg));
  });
});

describe("from journald", () => {
  /** As journald keeps it: the gateway's lines, and systemd's own. */
  const entry = (message: string, ms: number, cursor: number) => {
    const micros = `${NOW + ms}000`;
    return JSON.stringify({
      __CURSOR: `c${cursor}`,
      __REALTIME_TIMESTAMP: micros,
      MESSAGE: message,
    });
  };

  test("with systemd's own words about the start that fails", async () => {
    const journal = join(admin.folder, "journal");
    const log = (...entries: string[]) => appendFileSync(journal, `${entries.join("\n")}\n`);
    write(journal, "");
    const newer = `awk -v c="$c" 'p { print } index($0, "\\"__CURSOR\\":\\"" c "\\"") { p = 1 }' ${journal}`;
    const script = `echo "$@" >>${journal}.asked; c=
for word; do case $word in --after-cursor=*) c=\${word#*=} ;; esac; done
if [ -n "$c" ]; then ${newer}; else cat ${journal}; fi`;
    tool("journalctl", script);
    admin.answers["host.info"] = () => ({ supervisor: "systemd", unit: "my-gateway.service" });
    memory(before);
    log(...before.map((one, n) => entry(raw(one), one.ms, n)));
    follow();
    await seen("twice");
    await admin.stop();
    log(...last.map((one, n) => entry(raw(one), one.ms, 10 + n)));
    await isAway();
    await seen("stopping");
    log(entry(raw(failed), 4, 20), entry("Main process exited, status=78/CONFIG", 5, 21));
    await seen("Main process exited, status=78/CONFIG");
    memory(after, 1_000);
    await admin.listen();
    await seen("late");
    expect(messages()).toEqual([
      ...[...before, ...last, failed].map(({ msg }) => msg),
      "Main process exited, status=78/CONFIG",
      ...after.map(({ msg }) => msg),
    ]);
    expect(io.errorText).toContain("meanwhile from journald, unit my-gateway:");
  });

  test("that may not be read: it says so once, and waits on", async () => {
    tool("journalctl", "echo 'Hint: You are currently not seeing messages' >&2");
    admin.answers["host.info"] = () => ({
      supervisor: "systemd",
      unit: "openclaw-gateway.service",
    });
    memory(before);
    follow();
    await seen("twice");
    await admin.stop();
    await until(() => io.errorText.includes("next: "), "the next step");
    memory(after, 1_000);
    await admin.listen();
    await seen("late");
    const said = io.errors.filter((line) => line.includes("not seeing messages"));
    expect(said).toEqual([
      "journald, unit openclaw-gateway can't be read: journalctl: Hint: You are currently not seeing messages",
    ]);
    expect(io.errorText).toContain("journalctl -u openclaw-gateway -n 50 --no-pager");
    expect(messages()).toEqual([...before, ...after].map(({ msg }) => msg));
  });
});

test("from both files of pm2: what a program says that never came to its log is in the other one", async () => {
  const logs = join(admin.folder, ".pm2/logs");
  const out = write(
    join(logs, "openclaw-gateway-out.log"),
    before.map((one) => `${raw(one)}\n`).join(""),
  );
  const error = write(join(logs, "openclaw-gateway-error.log"), "an old failure\n");
  admin.answers["host.info"] = () => ({ supervisor: "pm2", unit: "0" });
  memory(before);
  follow();
  await seen("twice");
  await admin.stop();
  appendFileSync(out, `${last.map(raw).join("\n")}\n`);
  appendFileSync(error, "Error: Cannot find module\n");
  await seen("stopping");
  await seen("Error: Cannot find module");
  memory(after, 1_000);
  await admin.listen();
  await seen("late");
  expect(messages().filter((message) => !message.startsWith("Error"))).toEqual(
    [...before, ...last, ...after].map(({ msg }) => msg),
  );
  expect(io.errorText).toContain(`meanwhile from ${out} and ${error}:`);
});

test("where nothing keeps it, as in a container, it says so plainly, and how to keep it", async () => {
  admin.answers["host.info"] = () => ({ supervisor: "none" });
  memory(before);
  follow();
  await seen("twice");
  await admin.stop();
  await isAway();
  expect(io.errorText).toContain("no file and no journal keeps what it says meanwhile");
  expect(io.errorText).toContain("docker logs CONTAINER");
  expect(io.errorText).toContain(
    "openclaw config set logging.file /var/log/openclaw-gateway/gateway.log",
  );
  memory(after, 1_000);
  await admin.listen();
  await seen("late");
  expect(messages()).toEqual([...before, ...after].map(({ msg }) => msg));
});

test("lines that were lost are said to be, where nothing else has them", async () => {
  admin.answers["host.info"] = () => ({ supervisor: "none" });
  memory(before);
  follow();
  await seen("twice");
  memory(after, 1_000);
  await seen("late");
  expect(io.errors).toEqual(["lines are missing here: more came at once than the gateway keeps"]);
});
