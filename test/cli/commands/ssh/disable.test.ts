import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { FakeAdmin } from "../../support/admin-server.ts";
import { openclaw } from "../../support/io.ts";

/** What is asked and said before anything of this machine is touched. */

let admin: FakeAdmin;
beforeEach(async () => {
  admin = await new FakeAdmin().listen();
  admin.answers["config.get"] = () => ({ config: { gateway: { ssh: { account: "openclaw" } } } });
});
afterEach(() => admin.close());

const ways = (devices: number, others: number) => {
  admin.answers["device.pair.list"] = () => ({
    pending: [],
    paired: [],
    waysIn: { devices, others },
  });
};

describe("ssh disable, where a key is the last remaining admin", () => {
  test("changes nothing, and says how to do it all the same", async () => {
    ways(0, 1);
    const io = admin.io();
    expect(await openclaw("ssh disable --yes", io)).toBe(1);
    expect(io.errorText).toContain("nothing was changed: a key is the last way in");
    expect(io.errorText).toContain("openclaw ssh disable --force");
    expect(admin.askedOf("host.config.set")).toEqual([]);
  });

  test("--force says what it ends before it asks", async () => {
    ways(0, 2);
    const io = admin.io();
    io.asksPerson = true;
    io.answers.push("n");
    expect(await openclaw("ssh disable --force", io)).toBe(1);
    expect(io.text).toContain("It ends the last way in with full control.");
    expect(io.text).toContain("openclaw devices invite --scopes owner");
    expect(io.questions).toEqual(["Do it? [y/N] "]);
    expect(admin.askedOf("host.config.set")).toEqual([]);
  });
});

test.each([
  [0, 0],
  [1, 1],
])("with %i devices and %i keys it is not about ways in", async (...all) => {
  ways(...(all as [number, number]));
  const io = admin.io();
  expect(await openclaw("ssh disable", io)).toBe(1);
  expect(io.text).toContain("1. take the settings of gateway.ssh out");
  expect(io.text + io.errorText).not.toContain("last way in");
});
