import { createHash, createPrivateKey, createPublicKey, sign } from "node:crypto";
import { deviceIdOf, signaturePayload } from "../../../src/auth/identity.ts";
import { decodeSetupCode } from "../../../src/protocol/setup-code.ts";
import {
  type ConnectOptions,
  connectParams,
  type Frame,
  RawClient,
  type TestDevice,
} from "../../kit/client.ts";
import { startTestGateway, type TestGateway } from "../../kit/gateway.ts";
import { until } from "../../kit/until.ts";
import { HandWorld } from "../../kit/world.ts";

/** Noon of a day, so that times on the page are of one morning. */
const NOON = 1_796_040_000_000;
const PKCS8_HEADER = Buffer.from("302e020100300506032b657004220420", "hex");

/** What was said, by the name that the page gives it: a frame, or a text. */
export type Said = Map<string, Frame>;

/** Draws of one size depend on no other draws: a file that is written meanwhile changes no example. */
class PageWorld extends HandWorld {
  readonly #drawn = new Map<number, number>();

  override bytes(count: number): Buffer {
    const serial = (this.#drawn.get(count) ?? 0) + 1;
    this.#drawn.set(count, serial);
    const hash = (part: number) =>
      createHash("sha256").update(`page-${count}-${serial}-${part}`).digest();
    const parts = Array.from({ length: Math.ceil(count / 32) }, (_, part) => hash(part));
    return Buffer.concat(parts).subarray(0, count);
  }
}

/** The device whose private key is 32 times the byte `seed`, so that readers can make it too. */
export function deviceOf(seed: number): TestDevice {
  const key = Buffer.concat([PKCS8_HEADER, Buffer.alloc(32, seed)]);
  const privateKey = createPrivateKey({ key, format: "der", type: "pkcs8" });
  const spki = createPublicKey(privateKey).export({ type: "spki", format: "der" });
  const raw = spki.subarray(-32);
  return { deviceId: deviceIdOf(raw), publicKey: raw.toString("base64url"), privateKey };
}

const laptop = deviceOf(7);
const attic = deviceOf(8);
const scopes = ["operator.read", "operator.write"];
const client = {
  id: "gateway-client",
  version: "1.0.0",
  platform: "Linux",
  deviceFamily: "Laptop",
  mode: "cli",
  displayName: "Anna's laptop",
};
const nodeClient = { id: "node-host", version: "1.0.0", platform: "linux", mode: "node" };
const asNode = {
  role: "node",
  scopes: [],
  client: { ...nodeClient, displayName: "attic" },
  params: { commands: ["system.which", "system.notify"], permissions: {} },
};

/** A gateway, and what its clients on this page say to it and hear. */
class Conversation {
  readonly said: Said = new Map();

  constructor(
    readonly gateway: TestGateway,
    readonly world: PageWorld,
  ) {}

  /** A client elsewhere: the gateway trusts this machine as a proxy. */
  open(): Promise<RawClient> {
    return RawClient.open(this.gateway.url, { headers: { "x-forwarded-for": "203.0.113.7" } });
  }

  /** Sends a request and returns its answer; both may be given a name. */
  async ask(
    from: RawClient,
    frame: { id: string; method: string; params?: unknown },
    names: { asked?: string; answered?: string } = {},
  ): Promise<Frame> {
    const sent = { type: "req", ...frame };
    const seen = from.frames.length;
    from.send(sent);
    const answer = await from.next((got) => got.type === "res" && got.id === frame.id, seen);
    if (names.asked !== undefined) this.said.set(names.asked, sent);
    if (names.answered !== undefined) this.said.set(names.answered, answer);
    return answer;
  }

  /** Answers the newest challenge. */
  async connect(
    from: RawClient,
    options: ConnectOptions & { id?: string },
    names: { challenge?: string; asked?: string; answered?: string } = {},
  ): Promise<Frame> {
    const isChallenge = (frame: Frame) => frame.event === "connect.challenge";
    const last = from.frames.findLastIndex(isChallenge);
    const challenge = await from.next(isChallenge, Math.max(0, last));
    if (names.challenge !== undefined) this.said.set(names.challenge, challenge);
    const params = connectParams(challenge.payload, options);
    return this.ask(from, { id: options.id ?? "1", method: "connect", params }, names);
  }

  /** Hears an event. */
  async hear(at: RawClient, event: string, name?: string): Promise<Frame> {
    const heard = await at.next((frame) => frame.event === event);
    if (name !== undefined) this.said.set(name, heard);
    return heard;
  }

  async hearClose(at: RawClient, name: string): Promise<void> {
    const { code, reason } = await at.end();
    this.said.set(name, `${code} ${reason}`);
  }

  approve(answer: Frame): Promise<unknown> {
    return this.gateway.host("device.pair.approve", { requestId: answer.error.details.requestId });
  }
}

/** A new device waits, is approved, and gets its token. */
async function firstTime(talk: Conversation): Promise<string> {
  const waiting = await talk.open();
  const options = { device: laptop, scopes, client, caps: ["pairing-wait"] };
  const refused = await talk.connect(waiting, options, { asked: "ask", answered: "waiting" });
  const seen = waiting.frames.length;
  await talk.approve(refused);
  await waiting.challenge(seen);
  const named = { challenge: "challenge-again" };
  const hello = await talk.connect(waiting, { ...options, id: "2" }, named);
  waiting.close();
  return hello.payload.auth.deviceToken;
}

/** It comes back with its token. */
async function nextTime(talk: Conversation, deviceToken: string): Promise<RawClient> {
  const operator = await talk.open();
  const options = { device: laptop, scopes, client, auth: { deviceToken } };
  const names = { challenge: "challenge", asked: "connect", answered: "hello-ok" };
  await talk.connect(operator, options, names);
  const { nonce, ts } = talk.said.get("challenge").payload;
  const fields = {
    deviceId: laptop.deviceId,
    clientId: client.id,
    clientMode: client.mode,
    role: "operator",
    scopes,
    signedAt: ts,
    token: deviceToken,
    nonce,
    platform: client.platform,
    deviceFamily: client.deviceFamily,
  };
  const older = signaturePayload(2, fields);
  talk.said.set("signed-3", signaturePayload(3, fields));
  talk.said.set("signed-2", older);
  const signature = sign(null, Buffer.from(older), laptop.privateKey);
  talk.said.set("signature-2", signature.toString("base64url"));
  return operator;
}

async function calls(talk: Conversation, operator: RawClient): Promise<void> {
  const identity = { id: "2", method: "gateway.identity.get" };
  await talk.ask(operator, identity, { asked: "request", answered: "response" });
  await talk.ask(operator, { id: "3", method: "device.pair.list" }, { answered: "error" });
  talk.world.advance(30_000);
  await talk.hear(operator, "tick", "event");
}

/** A node comes, is approved twice, runs one command and gives another one up. */
async function node(
  talk: Conversation,
  operator: RawClient,
): Promise<{ host: RawClient; auth: Record<string, string> }> {
  const waiting = await talk.open();
  const options = { device: attic, ...asNode, caps: ["system", "pairing-wait"] };
  const refused = await talk.connect(waiting, options);
  const seen = waiting.frames.length;
  await talk.approve(refused);
  await waiting.challenge(seen);
  const hello = await talk.connect(waiting, { ...options, id: "2" });
  waiting.close();
  const host = await talk.open();
  const auth = { deviceToken: hello.payload.auth.deviceToken };
  await talk.connect(host, { device: attic, ...asNode, auth, caps: ["system"] }, { asked: "node" });
  const requestId = await until(async () => {
    const { pending } = await talk.gateway.host<Frame>("node.pair.list");
    return pending[0]?.requestId;
  }, "a request of the node");
  await talk.gateway.host("node.pair.approve", { requestId });
  await talk.hear(host, "node.pair.resolved", "node-approved");
  await invoke(talk, operator, host);
  return { host, auth };
}

/** The node connects once more, and its older connection stands by. */
async function twice(
  talk: Conversation,
  { host, auth }: { host: RawClient; auth: Record<string, string> },
): Promise<void> {
  const newer = await talk.open();
  await talk.connect(newer, { device: attic, ...asNode, auth, caps: ["system"] });
  await talk.hear(host, "node.standby", "node-standby");
}

async function invoke(talk: Conversation, operator: RawClient, host: RawClient): Promise<void> {
  const nodeId = attic.deviceId;
  const params = { bins: ["df"] };
  const command = { nodeId, command: "system.which", params, idempotencyKey: "k-1" };
  const asked = talk.ask(
    operator,
    { id: "4", method: "node.invoke", params: { ...command, timeoutMs: 15_000 } },
    { asked: "invoke", answered: "invoke-answer" },
  );
  const { id } = (await talk.hear(host, "node.invoke.request", "invoke-request")).payload;
  const progress = { invokeId: id, nodeId, seq: 0, chunk: "looking" };
  await talk.ask(host, { id: "5", method: "node.invoke.progress", params: progress });
  await talk.hear(operator, "node.invoke.progress", "invoke-progress");
  const found = JSON.stringify({ bins: { df: "/usr/bin/df" } });
  const result = { id, nodeId, ok: true, payloadJSON: found };
  await talk.ask(
    host,
    { id: "6", method: "node.invoke.result", params: result },
    { asked: "invoke-result" },
  );
  await asked;
  const again = { ...command, idempotencyKey: "k-2" };
  const late = talk.ask(operator, { id: "5", method: "node.invoke", params: again });
  await host.next((frame) => frame.payload?.idempotencyKey === again.idempotencyKey);
  talk.world.advance(30_000);
  await talk.hear(host, "node.invoke.cancel", "invoke-cancel");
  await late;
}

async function refusals(talk: Conversation): Promise<void> {
  const wrong = await talk.open();
  const stranger = { device: deviceOf(9), scopes, client };
  await talk.connect(wrong, { ...stranger, auth: { token: "wrong" } }, { answered: "refused" });
  await talk.hearClose(wrong, "refused-close");
  const waiting = await talk.open();
  const { error } = await talk.connect(waiting, { ...stranger, caps: ["pairing-wait"] });
  await talk.gateway.host("device.pair.reject", { requestId: error.details.requestId });
  await talk.hear(waiting, "device.pair.resolved", "rejected");
  await talk.hearClose(waiting, "rejected-close");
}

async function setupCode(talk: Conversation): Promise<void> {
  const publicUrl = "https://gateway.example.com";
  const made = await talk.gateway.host<Frame>("device.pair.setupCode", { publicUrl });
  talk.said.set("setup-code", decodeSetupCode(made.setupCode));
}

/** Runs a gateway and says to it what the page says. */
export async function conversation(): Promise<Said> {
  const world = new PageWorld(NOON);
  const flags = { "gateway.name": "gateway", "gateway.trustedProxies": ["127.0.0.1/32"] };
  const gateway = await startTestGateway({ world, flags });
  const talk = new Conversation(gateway, world);
  try {
    const token = await firstTime(talk);
    const operator = await nextTime(talk, token);
    await calls(talk, operator);
    const attached = await node(talk, operator);
    await refusals(talk);
    await setupCode(talk);
    await twice(talk, attached);
    return talk.said;
  } finally {
    await gateway.close();
  }
}
