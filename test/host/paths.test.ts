import { describe, expect, it } from "vitest";
import { configPath, stateFolder } from "../../src/host/paths.ts";

describe("where the files are", () => {
  it("follows the environment and expands ~", () => {
    expect(stateFolder({ HOME: "/home/u" })).toBe("/home/u/.openclaw-gateway");
    expect(stateFolder({ HOME: "/home/u", OPENCLAW_STATE_DIR: "" })).toMatch(/gateway$/);
    expect(stateFolder({ HOME: "/home/u", OPENCLAW_STATE_DIR: "~/s" })).toBe("/home/u/s");
    expect(stateFolder({ HOME: "/h/$&", OPENCLAW_STATE_DIR: "~" })).toBe("/h/$&");
    expect(configPath({}, "/s")).toBe("/s/openclaw.json");
    expect(configPath({ HOME: "/h", OPENCLAW_CONFIG_PATH: "~/c.json" }, "/s")).toBe("/h/c.json");
  });
});
