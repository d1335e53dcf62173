import { expect, test } from "vitest";
import { limitTable } from "../../src/limits/table.ts";
import { startTestGateway, TEST_TOKEN } from "../kit/gateway.ts";
import { admittedConnect, refusedConnect } from "../kit/wire.ts";
import { HandWorld } from "../kit/world.ts";

test("authWindowMs: after it wrong credentials are counted anew", async () => {
  const world = new HandWorld();
  const gateway = await startTestGateway({ limits: { authFailures: 2 }, world });
  await refusedConnect(gateway, { auth: { token: "wrong1" } });
  world.advance(limitTable.authWindowMs.value);
  await refusedConnect(gateway, { auth: { token: "wrong2" } });
  const { hello } = await admittedConnect(gateway, { auth: { token: TEST_TOKEN } });
  expect(hello.auth.role).toBe("operator");
  await gateway.close();
});
