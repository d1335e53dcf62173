import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Publisher } from "../install/support.ts";
import { makeDevice, RawClient } from "../kit/client.ts";
import { Reference, ReferenceDevice } from "../kit/reference.ts";
import { Vps } from "../kit/vps.ts";
import { BASE_MS, STEP_MS, whyNoVps } from "../kit/vps-base.ts";
import { makeKey, RELEASE_MS } from "../release/support/release.ts";
import { Login } from "./support/login.ts";
import { Owner } from "./support/owner.ts";
import { publishRelease } from "./support/published.ts";
import { changesOf, snapshot } from "./support/snapshot.ts";

/** In the machine's own network. */
const [GATEWAY, HTTP, HTTPS, SSH] = [29_681, 29_680, 29_643, 29_682];
const OPTIONS = `--port ${GATEWAY} --http-port ${HTTP} --https-port ${HTTPS}`;
const UNIT = "openclaw-gateway.service";

const reason = whyNoVps();
if (reason) console.log(`The tests on Debian 12 are skipped: ${reason}.`);

let temp: string;
let publisher: Publisher;
let vps: Vps;

/** What a person types on the machine. */
async function installs(options: string): Promise<string> {
  const line = `curl -fsSL ${publisher.url}/install.sh | bash -s -- ${options}`;
  const { code, stdout, stderr } = await vps.exec(["bash", "-c", line]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  return stdout;
}

/** With the older OpenSSH that this Debian has. */
async function approvesOverSsh(owner: Owner): Promise<void> {
  expect((await owner.ssh("openclaw", "ssh", "enable", "--yes")).code).toBe(0);
  const key = await makeKey(temp, "phone");
  const input = await readFile(`${key}.pub`, "utf8");
  await vps.ok(["openclaw", "ssh", "add", "-", "--name", "phone"], { input });
  const phone = new Login({ ...owner.facts, key, user: "openclaw" });
  const client = await RawClient.open(`ws://127.0.0.1:${GATEWAY}`);
  try {
    const asked = await client.connect({ device: makeDevice(), caps: ["pairing-wait"] });
    const code = String(asked.error.details.requestId);
    expect(await phone.ssh("approve", `${code}; id`)).toMatchObject({ code: 2, stdout: "" });
    expect(await phone.ssh("approve", code)).toMatchObject({ code: 0, stderr: "" });
    await client.challenge(1);
  } finally {
    client.ws.terminate();
  }
  await vps.ok(["openclaw", "ssh", "disable", "--yes"]);
  expect((await phone.ssh("list")).code).toBe(255);
  expect((await owner.ssh("true")).code).toBe(0);
}

describe.skipIf(reason !== undefined)("a rented Debian 12", () => {
  beforeAll(async () => {
    temp = await mkdtemp(join(tmpdir(), "debian-12-vps-"));
    publisher = await Publisher.start(join(temp, "release"));
    const key = await makeKey(temp);
    await publishRelease(join(temp, "release"), { url: publisher.url, key, kind: "rented-12" });
    vps = await Vps.boot("rented-12");
  }, RELEASE_MS + BASE_MS);
  afterAll(async () => {
    await vps?.close();
    await publisher?.close();
    await rm(temp, { recursive: true, force: true });
  });

  test(
    "install, pair, restart, approve over SSH, take off",
    async () => {
      const owner = await Owner.of(vps, temp, SSH);
      const before = await snapshot(vps);
      const at = performance.now();
      const said = await installs(OPTIONS);
      const seconds = ((performance.now() - at) / 1000).toFixed(1);
      console.log(`Debian 12, from curl to ready, with nginx: ${seconds} s`);
      expect(said).toContain("of Debian GNU/Linux 12 (bookworm) only runs Node.js 20");
      const pin = /^ +([0-9a-f]{64})$/m.exec(said)?.[1] ?? "";

      const token = (await vps.ok(["openclaw", "token", "new"])).trim();
      const url = `wss://127.0.0.1:${HTTPS}`;
      const device = new ReferenceDevice();
      const client = Reference.start(url, {
        device,
        token,
        scopes: ["operator.read"],
        tlsFingerprint: pin,
      });
      try {
        const { requestId } = (await client.refusal()).details;
        expect(await client.close()).toMatchObject({ code: 1008 });
        await vps.ok(["openclaw", "devices", "approve", requestId]);
        await client.hello();
        await vps.ok(["systemctl", "restart", "openclaw-gateway"]);
        await client.hello(2);
        expect(await vps.property(UNIT, "ActiveState")).toBe("active");
        const devices = JSON.parse(await vps.ok(["openclaw", "devices", "list", "--json"]));
        expect(devices.paired).toMatchObject([{ deviceId: device.deviceId }]);
      } finally {
        await client.stop();
      }

      await approvesOverSsh(owner);
      expect(await installs(OPTIONS)).toContain("Nothing to change: version");
      await installs("--uninstall --purge");
      expect(changesOf(before, await snapshot(vps))).toEqual([]);
    },
    STEP_MS,
  );
});
