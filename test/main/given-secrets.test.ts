import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { takeSecrets } from "../../src/main/given-secrets.ts";
import { shell } from "../../src/protocol/command.ts";

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "given-token-"));
});
afterEach(() => rm(folder, { recursive: true }));

const taken = (env: NodeJS.ProcessEnv) => takeSecrets(env).catch((error: unknown) => error);

test("a token is taken out of the environment", async () => {
  const env = { OPENCLAW_GATEWAY_TOKEN: " a-token \n", OTHER: "1" };
  expect(await taken(env)).toEqual({ token: "a-token" });
  expect(env).toEqual({ OTHER: "1" });
});

test("a reference that was not resolved is none, in the variable and in the file", async () => {
  const env = { OPENCLAW_GATEWAY_TOKEN: "$SHARED_TOKEN" };
  expect(await taken(env)).toMatchObject({
    code: "CONFIG_VALUE",
    message: "the token in OPENCLAW_GATEWAY_TOKEN is a reference, and nothing resolves it here",
    next: shell`unset OPENCLAW_GATEWAY_TOKEN`,
  });
  expect(env).toEqual({});
  const file = join(folder, "token");
  await writeFile(file, "op://vault/gateway/token\n");
  expect(await taken({ OPENCLAW_GATEWAY_TOKEN_FILE: file })).toMatchObject({
    code: "CONFIG_VALUE",
    message: `the token in ${file} is a reference, and nothing resolves it here`,
    next: shell`\${EDITOR:-nano} +1 ${file}`,
  });
});

test("of two places none is chosen silently", async () => {
  const both = { OPENCLAW_GATEWAY_TOKEN: "one", OPENCLAW_GATEWAY_TOKEN_FILE: join(folder, "two") };
  expect(await taken(both)).toMatchObject({ code: "CONFIG_DUPLICATE_KEY" });
});

test.each([
  ["/dev/null", undefined],
  ["a file of blank lines", " \n\n"],
])("an empty file counts as not set beside the variable: %s", async (_what, text) => {
  const file = text === undefined ? "/dev/null" : join(folder, "empty");
  if (text !== undefined) await writeFile(file, text);
  const env = { OPENCLAW_GATEWAY_TOKEN: "one", OPENCLAW_GATEWAY_TOKEN_FILE: file };
  expect(await taken(env)).toEqual({ token: "one" });
  expect(env).toEqual({});
});

test("a file with a token beside the variable is a second place", async () => {
  const file = join(folder, "token");
  await writeFile(file, "two\n");
  const both = { OPENCLAW_GATEWAY_TOKEN: "one", OPENCLAW_GATEWAY_TOKEN_FILE: file };
  expect(await taken(both)).toMatchObject({ code: "CONFIG_DUPLICATE_KEY" });
});

test("a file that can't be read is said", async () => {
  const file = join(folder, "gone");
  expect(await taken({ OPENCLAW_GATEWAY_TOKEN_FILE: file })).toMatchObject({
    code: "CONFIG_READ",
    next: shell`ls -l ${file}`,
  });
});
