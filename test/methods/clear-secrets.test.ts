import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { startTestGateway, type TestGateway } from "../kit/gateway.ts";

/** Secrets in clear leave the file only once they, or what takes their place, are stored. */

const text = `{
  // both of them, as OpenClaw wrote them
  "gateway": {
    "name": "home", // the name
    "auth": {
      /* for phones */ "token": "clear-token-0123456789", // shared
      // for the browser
      "password": "clear-password-0123456789"
    }
  },
  "unknown": { "kept": [1, 2] } // not ours
}
`;
const comments = [
  "// both of them",
  "// the name",
  "/* for phones */",
  "// shared",
  "// for the browser",
  "// not ours",
];

let gateway: TestGateway;
let file: string;
beforeEach(async () => {
  gateway = await startTestGateway({ token: null });
  file = join(gateway.stateDir, "openclaw.json");
  await writeFile(file, text, { mode: 0o600 });
  await gateway.core.config.reload();
});
afterEach(async () => {
  await gateway.close();
  await rm(gateway.stateDir, { recursive: true, force: true });
});

const now = () => readFile(file, "utf8");
const accepts = async (kind: "token" | "password", secret: string) =>
  (await gateway.core.secrets.verify(kind, secret, "203.0.113.7")) === "ok";
const newest = async () => (await gateway.core.audit.read({ limit: 9 })).at(-1);

async function expectComments(): Promise<void> {
  const left = await now();
  for (const comment of [...comments, '"unknown": { "kept": [1, 2] }'])
    expect(left).toContain(comment);
}

describe("a new token", () => {
  test("takes the place of the one in clear, and the password stays", async () => {
    const { token } = await gateway.host<{ token: string }>("host.token.new", {});
    expect(await now()).not.toContain("clear-token");
    expect(await now()).toContain("clear-password-0123456789");
    await expectComments();
    expect(await accepts("token", token)).toBe(true);
    expect(await accepts("token", "clear-token-0123456789")).toBe(false);
    expect(await accepts("password", "clear-password-0123456789")).toBe(true);
    expect(await newest()).toMatchObject({
      event: "secret.set",
      what: { kind: "token", dropped: ["gateway.auth.token"] },
    });
    expect(JSON.stringify(await gateway.core.audit.read({ limit: 9 }))).not.toContain("clear-");
  });

  test("that can't be taken out of the file says so, and the old one counts", async () => {
    const { config } = gateway.core;
    const { exclusive } = config;
    const commit = () => Promise.reject(Object.assign(new Error("no"), { code: "EROFS" }));
    config.exclusive = (work) =>
      exclusive.call(config, (turn) => work({ ...turn, commit })) as never;
    await expect(gateway.host("host.token.new", {})).rejects.toThrow();
    config.exclusive = exclusive;
    expect(await now()).toBe(text);
    expect(await accepts("token", "clear-token-0123456789")).toBe(true);
    expect(await newest()).toMatchObject({
      event: "change.failed",
      what: { change: "secret.set" },
    });
  });
});

describe("migrating", () => {
  const migrate = () => gateway.host<{ found: string[] }>("host.config.migrate", { apply: true });

  test("moves both, keeps every comment, and leaves a line without them", async () => {
    expect(await migrate()).toMatchObject({ found: ["token", "password"], applied: true });
    expect(await now()).not.toContain("clear-");
    await expectComments();
    expect(await accepts("token", "clear-token-0123456789")).toBe(true);
    expect(await accepts("password", "clear-password-0123456789")).toBe(true);
    expect(await newest()).toMatchObject({
      event: "secret.migrated",
      what: { kinds: ["token", "password"] },
    });
  });

  test.each([1, 2])(
    "after a crash behind step %i nothing is lost, and the next one ends it",
    async (steps) => {
      const { secretStore, config } = gateway.core;
      const kinds = ["token", "password"] as const;
      const { secrets } = await config.plan({ kind: "drop", secrets: kinds });
      for (const kind of kinds.slice(0, steps)) {
        await secretStore.setSecret(kind, secrets[kind] ?? "", "migrated");
      }
      const { stateDir } = gateway;
      await gateway.server.close("stop");
      await gateway.core.close();
      gateway = await startTestGateway({ token: null, stateDir });
      expect(await now()).toBe(text);
      for (const kind of kinds) expect(await accepts(kind, `clear-${kind}-0123456789`)).toBe(true);
      await migrate();
      expect(await now()).not.toContain("clear-");
      for (const kind of kinds) expect(await accepts(kind, `clear-${kind}-0123456789`)).toBe(true);
    },
  );

  test("drops no secret that somebody wrote into the file meanwhile", async () => {
    const { secretStore } = gateway.core;
    const hash = secretStore.hashed.bind(secretStore);
    const edited = text.replace("clear-token-0123456789", "another-token-9876543210");
    secretStore.hashed = async (...args) => {
      await writeFile(file, edited, { mode: 0o600 });
      return hash(...args);
    };
    await expect(migrate()).rejects.toThrow("config changed");
    expect(await now()).toBe(edited);
    expect((await gateway.core.audit.read({ limit: 9 })).map(({ event }) => event)).toContain(
      "change.failed",
    );
    secretStore.hashed = hash;
    await gateway.core.config.reload();
    await migrate();
    expect(await accepts("token", "another-token-9876543210")).toBe(true);
  });
});
