import { afterAll, beforeAll, expect, test } from "vitest";
import { GatewayProcess } from "../kit/process.ts";
import { closing } from "./support/closing.ts";
import { OneOrigin } from "./support/one-origin.ts";
import { press, shows, words } from "./support/page.ts";
import { Profile } from "./support/profile.ts";

const keep = closing();
let first: GatewayProcess;
let second: GatewayProcess;
beforeAll(async () => {
  [first, second] = await Promise.all([GatewayProcess.start(), GatewayProcess.start()]);
});
afterAll(async () => {
  await first?.close();
  await second?.close();
});

test("another gateway at the same address takes nothing from a browser: each finds it paired when it is back", async () => {
  const ports = { gw: first.port };
  const origin = keep(await OneOrigin.start(ports));
  const profile = keep(await Profile.open());
  const secretOf = async (gateway: GatewayProcess) =>
    (await gateway.json<{ url: string }>(["devices", "invite"])).url.split("#")[1] ?? "";

  const page = await profile.visit(`${origin.page("gw")}#${await secretOf(first)}`);
  await press(page);
  await shows(page, "ready");

  ports.gw = second.port;
  await page.reload();
  await shows(page, "waiting");
  expect(await words(page, "notice")).toContain("Another gateway answers at this address");
  const { pending } = await second.json<Listed>(["devices", "list"]);
  await second.ok(["devices", "approve", pending[0]?.requestId ?? ""]);
  await shows(page, "ready");

  for (const gateway of [first, second, first]) {
    ports.gw = gateway.port;
    await page.reload();
    await shows(page, "ready");
    const listed = await gateway.json<Listed>(["devices", "list"]);
    expect([listed.pending, listed.paired.length]).toEqual([[], 1]);
  }
});

interface Listed {
  readonly pending: readonly { readonly requestId: string }[];
  readonly paired: readonly object[];
}
