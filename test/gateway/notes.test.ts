import { writeFile } from "node:fs/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openclaw } from "../../src/protocol/command.ts";
import { say } from "../../src/protocol/text.ts";
import { startTestGateway, type TestGateway } from "../kit/gateway.ts";

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway();
});
afterAll(() => gateway.close());

interface Noted {
  readonly warnings: string[];
  readonly notes: { readonly code: string; readonly message: string; readonly next?: unknown }[];
}

async function noted(): Promise<readonly Noted[]> {
  const status = await gateway.host<{ gateway: Noted }>("status");
  return [status.gateway, await gateway.host<Noted>("host.info")];
}

test("what people should know has a code, and what helps beside it; clients that show it have one text", async () => {
  const message = "no shared token is set; clients that need one are refused";
  const next = openclaw`token new`;
  gateway.server.warn({
    code: "NO_SHARED_SECRET",
    message,
    next,
    text: say`${message} until: ${next}`,
  });
  gateway.server.warn({ code: "SSH_KEYS_UNPUBLISHED", message: "so", text: "so" });
  for (const { warnings, notes } of await noted()) {
    expect(warnings).toEqual([`${message} until: openclaw token new`, "so"]);
    expect(notes).toEqual([
      { code: "NO_SHARED_SECRET", message, next: [next] },
      { code: "SSH_KEYS_UNPUBLISHED", message: "so" },
    ]);
  }
});

test("a finding of the configuration is noted by its own code", async () => {
  const path = gateway.core.config.path;
  await writeFile(path, '{ "gateway": { "prot": 1 } }\n');
  await gateway.core.config.reload();
  const [status] = await noted();
  expect(status?.warnings[0]).toMatch(
    /^\S+:1:\d+: gateway\.prot is not a key .*\n {2}next: \$\{EDITOR/s,
  );
  expect(status?.notes[0]).toMatchObject({
    code: "CONFIG_UNKNOWN_KEY",
    message: expect.stringMatching(/^\S+:1:\d+: gateway\.prot is not a key/),
    next: [expect.objectContaining({ words: ["+1", path] })],
  });
});
