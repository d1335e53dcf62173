import { expect, test } from "vitest";
import { Shares } from "../../src/gateway/shares.ts";

test("what still runs counts for a device that hangs up and comes again", () => {
  const shares = new Shares();
  const before = shares.join("device");
  before.runs(1, 100);
  shares.leave(before);
  const again = shares.join("device");
  expect([again.sockets, again.inFlight, again.chars]).toEqual([1, 1, 100]);
  before.runs(-1, 100);
  expect([again.sockets, again.inFlight, again.chars]).toEqual([1, 0, 0]);
});

test("a share of which nothing is left is forgotten", () => {
  const shares = new Shares();
  const share = shares.join("device");
  share.runs(1, 100);
  shares.leave(share);
  share.runs(-1, 100);
  expect(shares.join("device")).not.toBe(share);
});
