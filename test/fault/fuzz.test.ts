import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Frame, makeDevice, RawClient } from "../kit/client.ts";
import { GatewayProcess, type LogRecord, PROCESS_TOKEN } from "../kit/process.ts";
import { BrokenTool, each, Insider, misbehave } from "./support/attackers.ts";
import { frame, handshake } from "./support/hostile.ts";

/** 100,000 pieces of hostile input in all, a part of them before memory is first looked at. */
const HANDSHAKES = 15_000;
const FRAMES = 75_000;
const LINES = 10_000;
const BATCH = 250;
const AT_ONCE = 24;
/** What bounded caches (addresses, secrets, requests, links) may take between the two looks. */
const HEAP_MAY_GROW = 6 * 1024 * 1024;
const RSS_MAY_GROW = 48 * 1024 * 1024;

const auth = { token: PROCESS_TOKEN };
const probe = fileURLToPath(new URL("./support/memory-probe.mjs", import.meta.url));

let gateway: GatewayProcess;
let good: RawClient;
let insiders: Insider[] = [];
let tools: BrokenTool[] = [];
let before: LogRecord;
const sent = { handshakes: 0, frames: 0, lines: 0 };

beforeAll(async () => {
  gateway = await GatewayProcess.start({ nodeArgs: ["--expose-gc", "--import", probe] });
  const reader = { device: makeDevice(), auth, scopes: ["operator.read"] };
  const owner = { device: makeDevice(), auth, scopes: ["operator.admin"] };
  const node = { device: makeDevice(), auth, role: "node" };
  for (const options of [reader, owner, node]) await pair(options);
  good = await RawClient.open(gateway.url);
  await good.connect(reader);
  insiders = [owner, owner, owner, node].map((options) => new Insider(gateway, options));
  tools = [1, 2].map(() => new BrokenTool(gateway.adminSocket));
  await shakeHands(2);
  await sendFrames(8);
  await sendLines(2);
  before = await memory(1);
});
afterAll(async () => {
  for (const one of [...insiders, ...tools]) one.close();
  good?.close();
  await gateway?.close();
});

async function pair(options: Parameters<RawClient["connect"]>[0]): Promise<void> {
  const client = await RawClient.open(gateway.url);
  const { requestId } = (await client.connect(options)).error.details;
  await gateway.ok(["devices", "approve", requestId]);
}

function memory(nth: number): Promise<LogRecord> {
  gateway.run.signal("SIGUSR2");
  return gateway.run.logged("memory", nth);
}

/** A client that behaves is served in the middle of all this, on the connection it always had. */
async function serveGood(): Promise<void> {
  good.frames.length = 0;
  const answers: Frame[] = [await good.request("health"), await good.request("system-presence")];
  expect(answers.map(({ ok }) => ok)).toEqual([true, true]);
}

/** Runs `batches` batches of made-up input; what fails is reported with the seed that makes it. */
async function storm<T>(
  batches: number,
  input: fc.Arbitrary<T>,
  attack: (batch: T[]) => Promise<void>,
): Promise<void> {
  const batch = fc.array(input, { minLength: BATCH, maxLength: BATCH });
  await fc.assert(
    fc.asyncProperty(batch, async (items) => {
      await attack(items);
      await serveGood();
    }),
    { numRuns: batches, endOnFailure: true },
  );
}

const shakeHands = (batches: number) =>
  storm(batches, handshake, (plans) =>
    each(plans, AT_ONCE, async (plan) => {
      sent.handshakes += 1;
      await misbehave(gateway, plan, sent.handshakes);
    }),
  );

/** Nodes are closed after too many calls that are not theirs in a row, so frames come in tens. */
const TENS = 10;

const sendFrames = (batches: number) =>
  storm(batches, frame, async (frames) => {
    const parts = Array.from({ length: Math.ceil(frames.length / TENS) }, (_, i) =>
      frames.slice(i * TENS, (i + 1) * TENS),
    );
    await Promise.all(
      insiders.map(async (insider, which) => {
        for (const part of parts.filter((_, i) => i % insiders.length === which)) {
          await insider.send(part);
          sent.frames += part.length;
        }
      }),
    );
  });

const sendLines = (batches: number) =>
  storm(batches, frame, async (frames) => {
    const half = Math.ceil(frames.length / tools.length);
    await Promise.all(
      tools.map(async (tool, which) => {
        const part = frames.slice(which * half, (which + 1) * half);
        await tool.send(part);
        sent.lines += part.length;
      }),
    );
  });

test("no handshake, however broken, gets in, hangs or is closed without a reason", async () => {
  await shakeHands((HANDSHAKES - sent.handshakes) / BATCH);
  expect(sent.handshakes).toBe(HANDSHAKES);
});

test("no frame on a connection that was let in disturbs it or any other", async () => {
  await sendFrames((FRAMES - sent.frames) / BATCH);
  expect(sent.frames).toBe(FRAMES);
});

test("no garbage on the admin socket keeps it from answering", async () => {
  await sendLines((LINES - sent.lines) / BATCH);
  expect(sent.lines).toBe(LINES);
});

test("messages that are too large end their own connection only", async () => {
  const owner = new Insider(gateway, { device: makeDevice(), auth, scopes: [] });
  await expect(owner.connect()).rejects.toThrow("PAIRING_REQUIRED");
  const [insider] = insiders;
  for (const bytes of [8 * 1024 * 1024 + 1, 8 * 1024 * 1024 + 80_000]) {
    await expect(insider?.send(["x".repeat(bytes)])).rejects.toThrow(/closed 10(09|06)/);
    await insider?.send([]);
    await serveGood();
  }
});

test("after 100,000 of them memory is flat, nothing was logged as a defect, all is served", async () => {
  expect(sent.handshakes + sent.frames + sent.lines).toBe(100_000);
  expect(gateway.run.exited).toBeUndefined();
  const after = await memory(2);
  expect(after["polluted"]).toBe(false);
  const grown = (name: string) => Number(after[name]) - Number(before[name]);
  expect(grown("heapUsed") + grown("external")).toBeLessThan(HEAP_MAY_GROW);
  expect(grown("rss")).toBeLessThan(RSS_MAY_GROW);
  expect(gateway.run.log.filter(({ level }) => level >= 50)).toEqual([]);
  expect(gateway.output).not.toMatch(/unhandled|Uncaught|deprecat/i);
  // What strangers sent makes no counters, no control characters in the log, and no other state.
  const { gateway: figures } = await gateway.json<Frame>(["status"]);
  expect(Object.keys(figures.closes).filter((name) => !/^[\w-]+$/.test(name))).toEqual([]);
  const dirty = /[\p{Cc}\p{Bidi_Control}]/u;
  expect(gateway.run.log.filter(({ msg }) => dirty.test(msg))).toEqual([]);
  expect(figures.pairing.devices).toBe(3);
  expect(good.closed).toBeUndefined();
});
