import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { GatewayProcess, PROCESS_TOKEN } from "../kit/process.ts";
import { Reference, ReferenceDevice } from "../kit/reference.ts";

/**
 * The errors that bring people here. Each is produced for real, and then the cure that it prints is
 * carried out word for word.
 */

let gateway: GatewayProcess;
const clients: Reference[] = [];

beforeAll(async () => {
  gateway = await GatewayProcess.start();
});
afterAll(() => gateway?.close());
afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.stop()));
});

const scopes = ["operator.read", "operator.write"];

function client(options: Parameters<typeof Reference.start>[1]): Reference {
  const made = Reference.start(gateway.url, { scopes, ...options });
  clients.push(made);
  return made;
}

const HOST = "on the gateway host: ";

/** Runs a printed command on the gateway's host; resolves with its standard output. */
async function carryOut(printed: string): Promise<string> {
  const [program, ...args] = printed.replace(HOST, "").trim().split(" ");
  expect(program).toBe("openclaw");
  return gateway.ok(args);
}

/** The command line as somebody elsewhere uses it: by URL, with a token from a pipe. */
function remote(args: readonly string[], token?: string) {
  const auth = token === undefined ? [] : ["--token", "-"];
  return gateway.cli(["--url", gateway.url, ...auth, ...args], { input: `${token ?? ""}\n` });
}

/** What a failed command says to type next. */
function nextOf(result: { stderr: string }): string {
  const next = /^ {2}next: (.+)$/m.exec(result.stderr)?.[1];
  if (next === undefined) throw new Error(`no next step in: ${result.stderr}`);
  return next;
}

test("“pairing required”: the printed command lets the running client in", async () => {
  const device = new ReferenceDevice();
  const refused = client({ device, token: PROCESS_TOKEN });
  const refusal = await refused.refusal();
  // The client makes its own sentence of the details; the close carries the gateway's.
  expect(refusal.message).toMatch(/^device pairing required \(requestId: \w{4}-\w{4}\)$/);
  expect((await refused.close()).reason).toMatch(
    /^pairing required: .* \(requestId: \w{4}-\w{4}\)$/,
  );
  await carryOut(refusal.details.approveCommand);
  await refused.hello();
  expect(await refused.request("status", {})).toMatchObject({ gateway: { store: { ok: true } } });
});

test("“pairing required” on the command line: the printed command, then it works", async () => {
  const refused = await remote(["status", "--json"], PROCESS_TOKEN);
  expect(refused.code).toBe(4);
  expect(refused.stderr).toContain("pairing required");
  await carryOut(nextOf(refused));
  const { code, stdout } = await remote(["status", "--json"], PROCESS_TOKEN);
  expect(code).toBe(0);
  expect(JSON.parse(stdout).gateway.store.ok).toBe(true);
  // From now on without the token: the device has one of its own.
  expect((await remote(["status", "--json"])).code).toBe(0);
});

test("“device identity required”: with a key and the printed command it works", async () => {
  const keyless = client({ role: "node", mode: "node", scopes: [], token: PROCESS_TOKEN });
  const refusal = await keyless.refusal();
  expect(refusal.message).toBe("device identity required");
  expect(refusal.details).toMatchObject({
    code: "DEVICE_IDENTITY_REQUIRED",
    cure: "connect with a device key (Ed25519), then: openclaw devices approve <code>",
  });
  expect(await keyless.close()).toEqual({ code: 1008, reason: "device identity required" });
  expect((await keyless.pause()).detailCode).toBe("DEVICE_IDENTITY_REQUIRED");
  const device = new ReferenceDevice();
  const keyed = client({ device, role: "node", mode: "node", scopes: [], token: PROCESS_TOKEN });
  const { requestId } = (await keyed.refusal()).details;
  await carryOut(refusal.details.cure.split("then: ")[1].replace("<code>", requestId));
  await keyed.hello();
  expect(await keyed.request("health")).toMatchObject({ ok: true });
});

test("“device identity required” for an operator without key and without secret", async () => {
  const nobody = client({});
  const refusal = await nobody.refusal();
  expect(refusal.message).toBe("device identity required");
  expect(refusal.details.cure).toContain("openclaw devices approve");
});

test("“gateway token missing”: the printed command makes a link that lets the client in", async () => {
  const device = new ReferenceDevice();
  const refused = client({ device });
  const refusal = await refused.refusal();
  expect(refusal.message).toBe("unauthorized: gateway token missing (provide gateway auth token)");
  expect(refusal.details.code).toBe("AUTH_TOKEN_MISSING");
  expect((await refused.pause()).reason).toContain("gateway token missing");
  const url = new URL((await carryOut(refusal.details.cure)).trim());
  const bootstrapToken = url.hash.replace("#invite=", "");
  const invited = client({ device, bootstrapToken });
  expect((await invited.hello()).auth.method).toBe("bootstrap-token");
  await invited.stop();
  const byToken = client({ device });
  expect((await byToken.hello()).auth.method).toBe("device-token");
});

test("“gateway token missing” on the command line names an option, and it helps", async () => {
  await gateway.ok(["devices", "clear", "--yes"]);
  const elsewhere = gateway.url.replace("127.0.0.1", "localhost");
  const refused = await gateway.cli(["--url", elsewhere, "health"]);
  expect(refused.code).toBe(4);
  expect(refused.stderr).toContain("unauthorized: gateway token missing");
  expect(nextOf(refused)).toMatch(/^add --token - /);
  const token = (await carryOut(/openclaw [a-z ]+/.exec(nextOf(refused))?.[0] ?? "")).trim();
  const unpaired = await remote(["health"], token);
  await carryOut(nextOf(unpaired));
  expect((await remote(["health"], token)).code).toBe(0);
});

test("“gateway token mismatch”: the printed command makes a token that works", async () => {
  const device = new ReferenceDevice();
  const refused = client({ device, token: "not-the-token" });
  const refusal = await refused.refusal();
  expect(refusal.message).toBe("unauthorized: gateway token mismatch (provide gateway auth token)");
  expect(refusal.details).toMatchObject({
    code: "AUTH_TOKEN_MISMATCH",
    canRetryWithDeviceToken: true,
    recommendedNextStep: "retry_with_device_token",
  });
  expect((await refused.pause()).detailCode).toBe("AUTH_TOKEN_MISMATCH");
  const token = (await carryOut(refusal.details.cure)).trim();
  expect(token).toMatch(/^[\w-]{32}$/);
  const right = client({ device, token });
  await carryOut((await right.refusal()).details.approveCommand);
  await right.hello();
  const old = client({ device: new ReferenceDevice(), token: PROCESS_TOKEN });
  expect((await old.refusal()).details.code).toBe("AUTH_TOKEN_MISMATCH");
});

test("a paired client whose shared token went stale gets in with its device token", async () => {
  const device = new ReferenceDevice();
  const token = (await gateway.ok(["token", "new"])).trim();
  const first = client({ device, token });
  await carryOut((await first.refusal()).details.approveCommand);
  await first.hello();
  await gateway.ok(["token", "new"]);
  // Whoever is paired stays.
  expect(await first.request("health")).toMatchObject({ ok: true });
  await first.stop();
  const stale = client({ device, token });
  expect((await stale.hello()).auth.method).toBe("device-token");
  expect(stale.paused).toEqual([]);
});

test("a wrong token on the command line is named, with the command that makes a new one", async () => {
  await gateway.ok(["devices", "clear", "--yes"]);
  const refused = await remote(["health"], "not-the-token-either");
  expect(refused.code).toBe(4);
  expect(refused.stderr).toContain("unauthorized: gateway token mismatch");
  expect(nextOf(refused)).toBe(`${HOST}openclaw token new`);
  const token = (await carryOut(nextOf(refused))).trim();
  const unpaired = await remote(["health"], token);
  await carryOut(nextOf(unpaired));
  expect((await remote(["health"], token)).code).toBe(0);
});
