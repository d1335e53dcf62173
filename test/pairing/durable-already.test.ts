import { expect, test } from "vitest";
import { hostOwner } from "../../src/pairing/pairing.ts";
import { HeldFiles, pairingOn, settle } from "./held-store.ts";

const text = { clientId: "test", clientMode: "test" };
const READ = "operator.read";

test("what is durable already is answered while the disk hangs with something else", async () => {
  const { pairing, files, pair } = await pairingOn(new HeldFiles());
  await pair("phone", ["operator.admin"]);
  const { secret } = await pairing.links.make(
    { role: "operator", scopes: [READ], expiresInMs: 600_000 },
    hostOwner,
  );
  const grant = { deviceId: "tablet", publicKey: "key", roles: ["operator"], scopes: [] } as const;
  await pairing.links.redeem(secret, { ...grant, ...text });
  const rename = { deviceId: "tablet", label: "kitchen", actor: hostOwner };
  await pairing.rename(rename);
  await pairing.revoke({ deviceId: "phone", role: "operator", actor: hostOwner, force: true });
  files.held = true;
  const other = pairing.request({
    deviceId: "other",
    publicKey: "key",
    role: "operator",
    scopes: [READ],
    text,
    source: "other",
  });
  await settle();
  const answers: string[] = [];
  const answered = (name: string) => () => void answers.push(name);
  const asked = [
    pairing.links.redeem(secret, { ...grant, ...text }).then(answered("link")),
    pairing.rename(rename).then(answered("name")),
    pairing.revokeEvery({ deviceId: "phone", actor: hostOwner }).then(answered("revoked")),
  ];
  await settle();
  expect(answers.sort()).toEqual(["link", "name", "revoked"]);
  files.letGo();
  await Promise.all([other, ...asked]);
});
