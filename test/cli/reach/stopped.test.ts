import { expect, test, vi } from "vitest";
import { FakeIo } from "../support/io.ts";

const close = vi.fn(async () => undefined);
const request = vi.fn(async (_method: string): Promise<object> => ({ valid: true }));
vi.mock("../../../src/cli/reach/stopped.ts", () => ({
  openStopped: async () => ({ how: "stopped", request, close }),
}));
const { withGateway } = await import("../../../src/cli/reach/connect.ts");

const context = () => ({
  io: new FakeIo({
    HOME: "/nonexistent",
    OPENCLAW_STATE_DIR: "/nonexistent/state",
    OPENCLAW_ADMIN_SOCKET: "/nonexistent/admin.sock",
  }),
  options: {},
});
const needs = { scopes: [], stopped: "existing" } as const;

test("the state of a stopped gateway is let go where its configuration can't be read", async () => {
  request.mockRejectedValueOnce(new Error("the disk does not work"));
  const use = vi.fn(async () => undefined);
  await expect(withGateway(context(), needs, use)).rejects.toThrow("the disk does not work");
  expect(use).not.toHaveBeenCalled();
  expect(close).toHaveBeenCalledTimes(1);
});

test("and once it was used", async () => {
  close.mockClear();
  expect(await withGateway(context(), needs, async () => "used")).toBe("used");
  expect(close).toHaveBeenCalledTimes(1);
});
