import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { LONG } from "../kit/long.ts";
import { Vps } from "../kit/vps.ts";
import { BASE_MS, STEP_MS, whyNoVps } from "../kit/vps-base.ts";
import { RELEASE_MS } from "../release/support/release.ts";
import { InstallerCures } from "./support/installer-cures.ts";
import { Installing } from "./support/installing.ts";
import { RENTED } from "./support/rented.ts";
import { changesOf, snapshot } from "./support/snapshot.ts";

const BARE = ["--port", "29481", "--no-nginx"];
const BEHIND_NGINX = ["--http-port", "29480", "--https-port", "29443", "--tune-nginx"];
/** With the packages of nginx to be installed, and taken away again, they take the longest. */
const early = LONG
  ? [
      ...["accounts", "release", "folders", "switch", "command_line", "configuration"],
      ...["systemd_unit", "leave", "start"],
    ]
  : // What a step did is undone after each later one too: the last ones undo the most.
    ["accounts", "folders", "configuration", "start"];
/** In the steps between, what really fails there does, below. */
const late = LONG
  ? ["certificate", "nginx_site", "pin", "prune", "remember"]
  : ["certificate", "remember"];

const reason = whyNoVps();
if (reason) console.log(`The tests of steps that fail are skipped: ${reason}.`);

let installing: Installing;
let vps: Vps;
let cures: InstallerCures;
/** The machine as the test before left it, where nothing was done to it since. */
let left: Map<string, string> | undefined;

/** All in one machine: each leaves it as it was, or the next one would find what it left. */
async function expectUndone(step: string, words: readonly string[]): Promise<void> {
  const before = left ?? (await snapshot(vps));
  left = undefined;
  const env = { OPENCLAW_INSTALL_FAIL_AFTER: step };
  const { code, stderr } = await vps.exec(["bash", "-c", installing.line(...words)], { env });
  expect(stderr).toContain(`told to fail after ${step}`);
  expect(stderr).toContain("everything it did was undone");
  expect(code).toBe(1);
  const after = await snapshot(vps);
  expect(changesOf(before, after)).toEqual([]);
  left = after;
}

/** A failure whose words are typed, which changes the machine. */
async function cured(see: () => Promise<void>): Promise<void> {
  left = undefined;
  await see();
}

describe.skipIf(reason !== undefined).each(RENTED)("a step that fails is undone: %s", (kind) => {
  beforeAll(async () => {
    installing = await Installing.publish(kind);
    vps = await Vps.boot(kind);
    cures = new InstallerCures(vps, installing);
  }, RELEASE_MS + BASE_MS);
  afterAll(async () => {
    await vps?.close();
    await installing?.close();
  });

  test(
    "a program that it needs is missing",
    () => cured(() => cures.programMissing(BARE.join(" "))),
    STEP_MS,
  );

  test.each(early)("after %s", (step) => expectUndone(step, BARE), STEP_MS);

  test("where the gateway does not start", () => cured(() => cures.doesNotStart()), STEP_MS);

  test(
    "where it was killed, and what it left is in use",
    () => cured(() => cures.cutOffAndInUse(BARE.join(" "))),
    STEP_MS,
  );

  test("after nginx_packages", () => expectUndone("nginx_packages", BEHIND_NGINX), STEP_MS);

  describe("behind nginx", () => {
    const words = BEHIND_NGINX.join(" ");
    test(
      "where apt fetches to another folder",
      () => cured(() => cures.fetchedElsewhere(words)),
      STEP_MS,
    );

    // From here on nginx is there, as this one ends with it.
    test(
      "where Debian's packages are out of reach",
      () => cured(() => cures.outOfReach(words)),
      STEP_MS,
    );

    test.each(late)("after %s", (step) => expectUndone(step, BEHIND_NGINX), STEP_MS);

    test("where nginx refuses its limits", () => cured(() => cures.refusedByNginx(words)), STEP_MS);

    test("where nginx lets nobody in", () => cured(() => cures.letsNobodyIn(words)), STEP_MS);
  });
});
