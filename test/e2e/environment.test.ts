import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { GatewayProcess, PROCESS_TOKEN } from "../kit/process.ts";

/** What SECURITY.md says of a token that is given to a container. */

let gateway: GatewayProcess;
afterEach(() => gateway?.close());

const seen = async () => {
  const parts = ["environ", "cmdline"].map((name) =>
    readFile(`/proc/${gateway.run.pid}/${name}`, "utf8"),
  );
  return (await Promise.all(parts)).join("\n");
};

test("a token from a file is in no environment", async () => {
  gateway = await GatewayProcess.prepare();
  const file = join(gateway.stateDir, "token");
  await writeFile(file, `${PROCESS_TOKEN}\n`, { mode: 0o600 });
  await gateway.start({ OPENCLAW_GATEWAY_TOKEN_FILE: file });
  expect(await seen()).not.toContain(PROCESS_TOKEN);
});

test("a token from the environment stays where the kernel keeps it", async () => {
  gateway = await GatewayProcess.start();
  // Not a promise but a fact, whose end would be worth another sentence.
  expect(await seen()).toContain(PROCESS_TOKEN);
});
