import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { decodeSetupCode } from "../../src/protocol/setup-code.ts";
import { type Frame, makeDevice } from "../kit/client.ts";
import { startTestGateway, type TestGateway } from "../kit/gateway.ts";
import { admittedConnect } from "../kit/wire.ts";
import { HandWorld } from "../kit/world.ts";
import { asNode, fits, makeSetup, publicUrl } from "./phone.ts";

let world: HandWorld;
let gateway: TestGateway;
beforeEach(async () => {
  world = new HandWorld();
  gateway = await startTestGateway({ world });
});
afterEach(() => gateway.close());

describe("a join address", () => {
  const joinCode = async (more: Record<string, unknown> = {}) => {
    const made = await gateway.host<Frame>("device.pair.setupCode", {
      ...{ publicUrl, joinUrl: true, ...more },
    });
    const { pathname, origin } = new URL(made.joinUrl);
    expect(origin).toBe("https://gateway.example.com");
    return { made, path: pathname };
  };
  const fetchIt = (path: string, init: RequestInit = {}) =>
    fetch(`http://127.0.0.1:${gateway.port}${path}`, init);

  test("hands its code out once, and the code works", async () => {
    const { made, path } = await joinCode();
    fits("DevicePairSetupCodeResult", made);
    expect(path).toMatch(/^\/j\/[\w-]{22}$/);
    expect(made.access).toBe("node");
    // What only looks must not use it up.
    expect((await fetchIt(path, { method: "HEAD" })).status).toBe(405);
    const answer = await fetchIt(path);
    expect(answer.headers.get("content-type")).toMatch(/^application\/json/);
    expect(answer.headers.get("cache-control")).toBe("no-store");
    const payload = (await answer.json()) as Frame;
    expect(payload).toEqual(decodeSetupCode(made.setupCode));
    const again = await fetchIt(path);
    expect(again.status).toBe(404);
    expect(await again.json()).toMatchObject({ code: "not-found", cure: expect.any(String) });
    const auth = { bootstrapToken: payload.bootstrapToken };
    await admittedConnect(gateway, asNode({ device: makeDevice(), auth }));
    const { lines } = await gateway.host<Frame>("host.audit.list", {});
    expect(lines.find(({ event }: Frame) => event === "link.fetched")).toMatchObject({
      by: { kind: "link", id: made.setupId },
      from: "127.0.0.1",
    });
  });

  test("two who fetch it at once: one gets it", async () => {
    const { path } = await joinCode();
    const answers = await Promise.all([fetchIt(path), fetchIt(path), fetchIt(path)]);
    expect(answers.map(({ status: code }) => code).sort()).toEqual([200, 404, 404]);
  });

  test("that can't be marked as used gives nothing, and works later", async () => {
    const { path } = await joinCode();
    const { pairing } = gateway.core.documents;
    const { decide } = pairing;
    pairing.decide = async () => {
      pairing.decide = decide;
      throw new Error("disk full");
    };
    const answer = await fetchIt(path);
    expect([answer.status, answer.headers.get("retry-after")]).toEqual([503, "5"]);
    expect(await answer.json()).toMatchObject({ code: "state-not-writable" });
    expect(gateway.log.some(({ message }) => message.includes("join address"))).toBe(true);
    expect((await fetchIt(path)).status).toBe(200);
  });

  test("gives nothing once its code was used, taken back or is over", async () => {
    const used = await joinCode();
    const auth = { bootstrapToken: decodeSetupCode(used.made.setupCode)?.bootstrapToken ?? "" };
    await admittedConnect(gateway, asNode({ device: makeDevice(), auth }));
    const back = await joinCode();
    await gateway.host("device.pair.inviteRevoke", { inviteId: back.made.setupId });
    const late = await joinCode();
    world.advance(600_000);
    for (const { path } of [used, back, late]) expect((await fetchIt(path)).status).toBe(404);
  });

  test("a link or a code without an address cannot be fetched", async () => {
    const made = await makeSetup(gateway);
    for (const code of [made.payload.bootstrapToken, made.setupCode, made.setupId, "x", ""]) {
      expect((await fetchIt(`/j/${code}`)).status).toBe(404);
    }
  });

  test("whoever guesses is locked out, and a right code from the same address is not", async () => {
    const { path } = await joinCode();
    const guess = (i: number) => fetchIt(`/j/${String(i).padStart(22, "0")}`);
    for (let i = 0; i < gateway.core.limits.authFailures; i += 1) {
      expect((await guess(i)).status).toBe(404);
    }
    const locked = await guess(99);
    expect(locked.status).toBe(429);
    expect(Number(locked.headers.get("retry-after"))).toBeGreaterThan(0);
    const answer = await fetchIt(path);
    expect(answer.status).toBe(200);
    expect(await answer.json()).toMatchObject({ bootstrapToken: expect.any(String) });
    // Used up: from there it is a guess like any other.
    expect((await fetchIt(path)).status).toBe(429);
    world.advance(gateway.core.limits.authLockMs);
    expect((await fetchIt(path)).status).toBe(404);
  });
});
