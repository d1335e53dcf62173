import { expect, test } from "vitest";
import { type Bus, LocalBus, NoSuchGateway } from "../../src/events/bus.ts";

test("alone, a gateway hears nothing of what it says itself, and can be left at any time", async () => {
  const bus: Bus = new LocalBus();
  const heard: unknown[] = [];
  const stop = bus.on("presence", (message) => heard.push(message));
  const stopServing = bus.serve("invoke", async (params) => heard.push(params));
  bus.publish("presence", { version: 1 });
  await new Promise((resolve) => setImmediate(resolve));
  expect(heard).toEqual([]);
  stop();
  stopServing();
  await bus.close();
});

test("alone, a call says that there is nobody to answer it", async () => {
  const bus: Bus = new LocalBus();
  bus.serve("invoke", async () => "mine");
  const calling = bus.call("attic", "invoke", {});
  await expect(calling).rejects.toThrow(NoSuchGateway);
  await expect(calling).rejects.toMatchObject({
    gateway: "attic",
    message: expect.stringContaining("attic"),
  });
});
