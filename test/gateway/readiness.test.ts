import { Agent, get } from "node:http";
import { expect, test } from "vitest";
import { limitTable } from "../../src/limits/table.ts";
import { startTestGateway, type TestGateway } from "../kit/gateway.ts";
import { HandWorld } from "../kit/world.ts";

/** One connection that stays open, as a load balancer's does. */
const kept = () => new Agent({ keepAlive: true, maxSockets: 1 });

/** What `/readyz` says. */
function readiness(
  gateway: TestGateway,
  agent: Agent,
): Promise<{ status: number; failing: string }> {
  return new Promise((resolve, reject) => {
    const where = { port: gateway.port, host: "127.0.0.1", path: "/readyz", agent };
    get(where, (answer) => {
      let text = "";
      answer.setEncoding("utf8").on("data", (more: string) => {
        text += more;
      });
      answer.on("end", () => {
        const failing = JSON.parse(text).failing.join();
        resolve({ status: answer.statusCode ?? 0, failing });
      });
    }).on("error", reject);
  });
}

test("not ready while it starts, and ready after", async () => {
  const agent = kept();
  const gateway = await startTestGateway();
  gateway.server.gateway.state.phase = "starting";
  expect(await readiness(gateway, agent)).toEqual({ status: 503, failing: "starting" });
  gateway.server.gateway.state.phase = "ready";
  expect(await readiness(gateway, agent)).toEqual({ status: 200, failing: "" });
  agent.destroy();
  await gateway.close();
});

test("not ready while it drains, to whoever is still connected", async () => {
  const agent = kept();
  const world = new HandWorld();
  const gateway = await startTestGateway({ world });
  expect(await readiness(gateway, agent)).toEqual({ status: 200, failing: "" });
  let release = () => {};
  gateway.core.config.exclusive = () => {
    return new Promise((_resolve, reject) => (release = () => reject(new Error("late"))));
  };
  gateway.host("host.config.set", { path: "gateway.name", value: "x" }).catch(() => {});
  const closing = gateway.close();
  expect(await readiness(gateway, agent)).toEqual({ status: 503, failing: "draining" });
  release();
  while (gateway.server.gateway.dispatcher.busy !== 0) await new Promise(setImmediate);
  world.advance(limitTable.drainMs.value);
  agent.destroy();
  await closing;
});
