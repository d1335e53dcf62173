import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Vps } from "../kit/vps.ts";
import { BASE_MS, STEP_MS, whyNoVps } from "../kit/vps-base.ts";
import { RELEASE_MS } from "../release/support/release.ts";
import { Installing } from "./support/installing.ts";
import { RENTED } from "./support/rented.ts";
import { changesOf, snapshot } from "./support/snapshot.ts";

const BARE = ["--port", "29481", "--no-nginx"];
const BEHIND_NGINX = ["--http-port", "29480", "--https-port", "29443", "--tune-nginx"];
/** With the packages of nginx to be installed, and taken away again, they take the longest. */
const early = [
  ...["accounts", "release", "folders", "switch", "command_line", "configuration"],
  ...["systemd_unit", "leave", "start"],
];
const late = ["certificate", "nginx_site", "pin", "tune_nginx", "prove", "prune", "remember"];

const reason = whyNoVps();
if (reason) console.log(`The tests of steps that fail are skipped: ${reason}.`);

let installing: Installing;
let vps: Vps;

/** All in one machine: each leaves it as it was, or the next one would find what it left. */
async function expectUndone(step: string, words: readonly string[]): Promise<void> {
  const before = await snapshot(vps);
  const env = { OPENCLAW_INSTALL_FAIL_AFTER: step };
  const { code, stderr } = await vps.exec(["bash", "-c", installing.line(...words)], { env });
  expect(stderr).toContain(`told to fail after ${step}`);
  expect(stderr).toContain("everything it did was undone");
  expect(code).toBe(1);
  expect(changesOf(before, await snapshot(vps))).toEqual([]);
}

describe.skipIf(reason !== undefined).each(RENTED)("a step that fails is undone: %s", (kind) => {
  beforeAll(async () => {
    installing = await Installing.publish(kind);
    vps = await Vps.boot(kind);
  }, RELEASE_MS + BASE_MS);
  afterAll(async () => {
    await vps?.close();
    await installing?.close();
  });

  test.each(early)("after %s", (step) => expectUndone(step, BARE), STEP_MS);

  test("after nginx_packages", () => expectUndone("nginx_packages", BEHIND_NGINX), STEP_MS);

  describe("with an nginx that is there", () => {
    beforeAll(async () => {
      await vps.ok(["sh", "-c", "apt-get update -q && apt-get install -qy nginx"]);
    }, STEP_MS);

    test.each(late)("after %s", (step) => expectUndone(step, BEHIND_NGINX), STEP_MS);
  });
});
