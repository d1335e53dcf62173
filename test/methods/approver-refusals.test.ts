import { afterAll, beforeAll, expect, test } from "vitest";
import { commandText } from "../../src/protocol/command.ts";
import { commandsIn, plainText, readText } from "../../src/protocol/text.ts";
import { askApprover } from "../kit/approve-socket.ts";
import { makeDevice } from "../kit/client.ts";
import { startTestGateway, TEST_TOKEN, type TestGateway } from "../kit/gateway.ts";
import { sshKey } from "../kit/ssh-key.ts";
import { refusedConnect } from "../kit/wire.ts";

/** What a refusal over SSH says to type: a verb, or a command of which it says where it works. */

const ADMIN = "operator.admin";

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway();
});
afterAll(() => gateway.close());

let keys = 0;
/** The fingerprint of a key that may approve. */
async function approver(may: string): Promise<string> {
  keys += 1;
  const params = { publicKey: sshKey(keys), may: [may] };
  const { key } = await gateway.host<{ key: { fingerprint: string } }>("host.ssh.add", params);
  return key.fingerprint;
}

/** The code of a device that asks. */
async function asks(scopes: readonly string[], device = makeDevice()): Promise<string> {
  const { error } = await refusedConnect(gateway, { device, auth: { token: TEST_TOKEN }, scopes });
  return error.details.requestId;
}

type Words = [verb: string, argument: string];

async function says(key: string, ...[verb, argument]: Words) {
  const params = { [verb === "revoke" ? "deviceId" : "requestId"]: argument };
  return askApprover(gateway, { method: `approver.${verb}`, params, key });
}

/** What helps, as a person reads it, and its commands with where they work. */
async function next(key: string, ...words: Words) {
  const { details } = (await says(key, ...words)).error;
  const text = readText(details.next) ?? [];
  const commands = commandsIn(text).map((one) => [one.at, commandText(one)]);
  return { text: plainText(text), commands };
}

test("a verb, where the request can be decided otherwise", async () => {
  const key = await approver("admin");
  const code = await asks([ADMIN]);
  expect(await next(key, "approveWithout", code)).toEqual({
    text: `approve ${code} (with it), or reject ${code}`,
    commands: [
      ["here", `approve ${code}`],
      ["here", `reject ${code}`],
    ],
  });
  expect((await says(key, "reject", code)).ok).toBe(true);
});

test("the same where the device has the right already", async () => {
  const key = await approver("admin");
  const device = makeDevice();
  const scopes = ["operator.write", "operator.nodes"];
  expect((await says(key, "approve", await asks(scopes, device))).ok).toBe(true);
  const code = await asks([...scopes, "operator.pairing"], device);
  const { text } = await next(key, "approveWithout", code);
  expect(text).toBe(`approve ${code} (with it), or reject ${code}`);
  expect((await says(key, "approve", code)).ok).toBe(true);
});

test("the owner's command, and where it works, where the key has too few rights", async () => {
  const key = await approver("operator");
  const code = await asks([ADMIN]);
  expect(await next(key, "approve", code)).toEqual({
    text: `on the gateway host: openclaw devices approve ${code}`,
    commands: [["gateway", `openclaw devices approve ${code}`]],
  });
});

test("no command of the gateway's machine as if it were typed here", async () => {
  const key = await approver("admin");
  const device = makeDevice();
  await says(key, "approve", await asks([ADMIN], device));
  const { text, commands } = await next(key, "revoke", device.deviceId);
  expect(text).toMatch(/^on the gateway host: openclaw devices invite --scopes owner /);
  expect(commands.map(([place]) => place)).toEqual(["gateway", "gateway"]);
});
