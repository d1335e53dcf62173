import { expect, test } from "vitest";
import { makeDevice, RawClient } from "../support/client.ts";
import { startTestGateway } from "../support/gateway.ts";

test("a link for a fleet pairs its devices at once, is listed, and ends when it is taken back", async () => {
  const gateway = await startTestGateway();
  const ask = { role: "node", uses: 3, name: "kiosk" };
  const made = await gateway.host<{ inviteId: string; secret: string }>("device.pair.invite", ask);
  const join = async () => {
    const client = await RawClient.open(gateway.url);
    const auth = { bootstrapToken: made.secret };
    const node = { role: "node", client: { id: "node-host", mode: "node" } };
    return client.connect({ ...node, device: makeDevice(), auth });
  };
  // All at once: places are counted when they are taken.
  const answers = await Promise.all([join(), join()]);
  expect(answers.map(({ ok }) => ok)).toEqual([true, true]);

  const listed = await gateway.host<{ invites: unknown[] }>("device.pair.inviteList", {});
  expect(listed.invites).toMatchObject([
    { inviteId: made.inviteId, name: "kiosk", uses: 3, usedBy: [{}, {}] },
  ]);
  expect(JSON.stringify(listed)).not.toContain(made.secret);

  const { inviteId } = made;
  expect(await gateway.host("device.pair.inviteRevoke", { inviteId })).toMatchObject({ inviteId });
  const late = await join();
  expect(late.error.details.code).toBe("AUTH_BOOTSTRAP_TOKEN_INVALID");
  const again = gateway.host("device.pair.inviteRevoke", { inviteId });
  await expect(again).rejects.toThrow("unknown inviteId");
  await gateway.close();
});
