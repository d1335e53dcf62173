import { expect, test } from "vitest";
import { hostOwner } from "../../src/pairing/pairing.ts";
import { openclaw } from "../../src/protocol/command.ts";
import { HeldFiles, liveDevices, type PairingBench, pairingOn, settle } from "./held-store.ts";

const ADMIN = "operator.admin";
const READ = "operator.read";
const text = { clientId: "test", clientMode: "test" };

/** An admin that no shared secret let in, and one device for each of the secret's first two epochs. */
async function bench(): Promise<PairingBench> {
  const made = await pairingOn(new HeldFiles());
  await made.pair("phone", [ADMIN]);
  for (const secretEpoch of [1, 2]) {
    const deviceId = `under-${secretEpoch}`;
    const asked = { deviceId, publicKey: "key", role: "operator", scopes: [READ] } as const;
    const ask = { ...asked, text, source: deviceId, secretEpoch };
    const { requestId } = await made.pairing.request(ask);
    await made.pairing.approve(requestId, hostOwner);
  }
  return made;
}

/** Decides, as a change of the shared secret does, that what was granted up to `epoch` ends. */
function decide({ document, pairing }: PairingBench, epoch: number) {
  const ask = { epoch, actor: hostOwner, command: openclaw`token new --revoke-derived` };
  return document.commit([], { also: [pairing.many.derivedChanges(ask)] });
}

const live = ({ pairing }: PairingBench, deviceId: string) =>
  pairing.device(deviceId)?.tokens.operator?.revokedAtMs === undefined;

test("a secret that is changed again meanwhile ends what the second change names too", async () => {
  const made = await bench();
  await decide(made, 1);
  made.files.held = true;
  const first = made.pairing.many.endDerived(hostOwner);
  await settle();
  const second = decide(made, 2).then(() => made.pairing.many.endDerived(hostOwner));
  made.files.letGo();
  expect(await first).toEqual(["under-1"]);
  expect(await second).toEqual(["under-2"]);
  expect(liveDevices(made.document.durable)).toEqual(["phone"]);
  expect(made.document.durable.revokingDerived).toBeUndefined();
});

test("killed at any step of two such changes, what their lines say comes to its end", async () => {
  for (let at = 0, over = false; !over; at += 1) {
    const made = await bench();
    const from = made.files.steps.length;
    made.files.plan = ({ index }) => (index === from + at ? { crash: true } : undefined);
    let decided = 0;
    const change = async (epoch: number) => {
      await decide(made, epoch);
      decided = Math.max(decided, epoch);
      await made.pairing.many.endDerived(hostOwner);
    };
    const running = Promise.all([change(1), settle().then(() => change(2))]).then(() => {
      over = true;
    });
    await Promise.race([running, settle().then(settle)]);
    const again = await pairingOn(made.files.afterPowerCut(() => 0) as HeldFiles);
    await again.pairing.many.resume();
    const left = ["phone", "under-1", "under-2"].slice(1).filter((id) => live(again, id));
    expect(left.filter((id) => Number(id.at(-1)) <= decided)).toEqual([]);
    expect(again.document.durable.revokingDerived).toBeUndefined();
  }
});

test("while the change is not durable the tokens count, and so they do where it fails", async () => {
  const made = await bench();
  made.files.held = true;
  const changing = decide(made, 1).catch(() => "failed");
  await settle();
  expect(live(made, "under-1")).toBe(true);
  made.files.plan = ({ what }) => (what === "datasync" ? { error: "EIO" } : undefined);
  made.files.letGo();
  expect(await changing).toBe("failed");
  expect(live(made, "under-1")).toBe(true);
});

test("once the change is durable the tokens count no more, and others do", async () => {
  const made = await bench();
  await decide(made, 1);
  expect(["phone", "under-1", "under-2"].map((id) => live(made, id))).toEqual([true, false, true]);
});
