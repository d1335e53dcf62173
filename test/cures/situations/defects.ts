import { expect, vi } from "vitest";
import { makeDevice, RawClient } from "../../kit/client.ts";
import { TEST_TOKEN } from "../../kit/gateway.ts";
import { comesIn, gatewayOf } from "../people.ts";
import { type Situation, situation } from "../situation.ts";
import { fullDisk } from "./http.ts";

/** What can't be made otherwise: defects of the gateway itself, and a disk that is full. */
export const defectSituations: readonly Situation[] = [
  situation("a defect of a method is in the log", async (m) => {
    const gateway = await m.start();
    const { client } = await comesIn(m, ["operator.admin"]);
    const broken = new Error("no such thing");
    const defect = vi.spyOn(gateway.core.pairing, "counts").mockImplementation(() => {
      throw broken;
    });
    const told = await m.tells(() => client.request("status"));
    defect.mockRestore();
    expect((await m.types(told, "openclaw logs")).text).toContain("status");
    expect((await client.request("status")).ok).toBe(true);
  }),
  situation("a defect of a connect is in the log", async (m) => {
    const gateway = await m.start();
    const defect = vi.spyOn(gateway.core.secrets, "verify").mockRejectedValue(new Error("none"));
    const told = await m.tells(async () => {
      const client = await RawClient.open(gateway.url);
      await client.connect({ device: makeDevice(), auth: { token: TEST_TOKEN } });
    });
    defect.mockRestore();
    expect((await m.types(told, "openclaw logs")).text).toContain("a connect failed");
  }),
  situation("health: the gateway answers, and can't write its state", async (m) => {
    await m.start();
    expect((await m.says("health")).exit).toBe(0);
    const full = fullDisk(m);
    // The summary is made once a second.
    await gatewayOf(m).host("health", { probe: true });
    const told = await m.says("health");
    expect(told.exit).toBe(1);
    expect((await m.types(told, "openclaw status")).text).toContain("disk full");
    full.mockRestore();
    await gatewayOf(m).host("health", { probe: true });
    expect((await m.says("health")).exit).toBe(0);
  }),
];
