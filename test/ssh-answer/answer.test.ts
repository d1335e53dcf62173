import { rmSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { sshLimitTable } from "../../src/limits/ssh.ts";
import { shell } from "../../src/protocol/command.ts";
import { answer } from "../../src/ssh-answer/answer.ts";

const path = join(tmpdir(), `ssh-answer-${process.pid}.sock`);
const KEY = "SHA256:abc";
let server: Server | undefined;
let asked: string[] = [];
const said = { out: "", err: "" };

/** A gateway that does this with what it is sent. */
function gateway(reply: (socket: Socket) => void): Promise<void> {
  server = createServer((socket) => {
    socket.on("error", () => undefined);
    socket.once("data", (frame) => {
      asked.push(String(frame));
      reply(socket);
    });
  });
  return new Promise((resolve) => server?.listen(path, resolve));
}

const ask = (...words: string[]) => answer([path, KEY, "203.0.113.7", ...words]);

beforeEach(() => {
  rmSync(path, { force: true });
  asked = [];
  Object.assign(said, { out: "", err: "" });
  for (const [name, stream] of [
    ["out", process.stdout],
    ["err", process.stderr],
  ] as const) {
    vi.spyOn(stream, "write").mockImplementation((text) => {
      said[name] += String(text);
      return true;
    });
  }
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
  server?.close();
  server = undefined;
});

describe("what an approver's key is answered", () => {
  test("the lines of the gateway, which is told key, address, verb and argument", async () => {
    const reply = { type: "res", id: "1", ok: true, payload: { lines: ["Approved: “a”", "b"] } };
    await gateway((socket) => socket.end(`${JSON.stringify(reply)}\n`));
    expect(await ask("approve", "7F3K-Q2MN")).toBe(0);
    expect(said).toEqual({ out: "Approved: “a”\nb\n", err: "" });
    expect(JSON.parse(asked[0] ?? "")).toEqual({
      type: "req",
      id: "1",
      method: "approver.approve",
      params: { requestId: "7F3K-Q2MN" },
      key: KEY,
      address: "203.0.113.7",
    });
  });

  test("an approval that leaves something out is a method of its own: a gateway of before refuses it", async () => {
    await gateway((socket) =>
      socket.end(`${JSON.stringify({ ok: true, payload: { lines: [] } })}\n`),
    );
    expect(await ask("approveWithout", "7F3K-Q2MN")).toBe(0);
    expect(JSON.parse(asked[0] ?? "")).toMatchObject({
      method: "approver.approveWithout",
      params: { requestId: "7F3K-Q2MN" },
    });
  });

  test.each([
    ["data", { next: [shell`list`], cure: "in words" }],
    ["words", { cure: "list" }],
  ])("a refusal with its cure as %s, in lines that fit a phone", async (_how, details) => {
    const message = "Nobody waits with that code. It may have ended, or been mistyped.";
    const error = { code: "INVALID_REQUEST", message, details };
    await gateway((socket) => socket.end(`${JSON.stringify({ ok: false, error })}\n`));
    expect(await ask("show", "7F3K-Q2MN")).toBe(1);
    expect(said.out).toBe("");
    expect(said.err.replace(/\n(?! )/g, " ").trim()).toBe(`${message}\n  next: list`);
    expect(Math.max(...said.err.split("\n").map((line) => line.length))).toBeLessThanOrEqual(40);
  });

  test("that there is no gateway", async () => {
    expect(await ask("list", "")).toBe(3);
    expect(said.err).toContain("The gateway does not answer.");
  });

  test("that it may be done, where the gateway was asked and hung up", async () => {
    await gateway((socket) => socket.destroy());
    expect(await ask("approve", "7F3K-Q2MN")).toBe(3);
    expect(said.err).toContain("It may have done it, or do it yet.\n");
  });

  test("sshPatienceMs: that it may be done, where the gateway takes long", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    let arrived = () => {};
    const arrives = new Promise<void>((resolve) => {
      arrived = resolve;
    });
    await gateway(() => arrived());
    const exit = ask("approve", "7F3K-Q2MN");
    await arrives;
    const { value } = sshLimitTable.sshPatienceMs;
    vi.advanceTimersByTime(value - 1);
    await new Promise(setImmediate);
    expect(said.err).toBe("");
    vi.advanceTimersByTime(1);
    expect(await exit).toBe(3);
    expect(said.err).toContain("The gateway takes long to answer.\n");
  });

  test("sshAnswerBytes: nothing of an answer without an end", async () => {
    const part = "x".repeat(64 * 1024);
    let sent = 0;
    await gateway((socket) => {
      const write = () => {
        sent += part.length;
        return socket.write(part);
      };
      const more = () => {
        while (!socket.destroyed && write());
        socket.once("drain", more);
      };
      more();
    });
    expect(await ask("list", "")).toBe(3);
    // What the kernel holds on its way comes on top.
    expect(sent).toBeLessThan(16 * sshLimitTable.sshAnswerBytes.value);
    expect(said.out).toBe("");
    expect(said.err.length).toBeLessThan(200);
  });
});
