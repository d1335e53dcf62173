import { expect, test } from "vitest";
import { ADMIN, coversAll, NODES, PAIRING, READ, WRITE } from "../../src/protocol/access.ts";
import {
  canLeaveNodesOut,
  effectiveScopes,
  offeredScopes,
  scopesFromBefore,
} from "../../src/protocol/nodes-right.ts";

type Scopes = readonly string[];

test.each<[asked: Scopes, held: Scopes, offered: Scopes]>([
  [[READ], [], []],
  [[WRITE], [], [NODES]],
  [[READ, WRITE], [READ], [NODES]],
  [[WRITE], [NODES], []],
  // What was left out once is not offered again with something else.
  [[PAIRING, WRITE], [WRITE], []],
  [[WRITE], [NODES, WRITE], []],
  [[WRITE], [ADMIN], []],
  [[NODES, WRITE], [], []],
  [[ADMIN, WRITE], [], []],
  [[NODES], [], []],
  [[], [], []],
])("a request for %j of a device with %j offers %j", (asked, held, offered) => {
  expect(offeredScopes(asked, held)).toEqual(offered);
});

test.each<[asked: Scopes, held: Scopes, effective: Scopes]>([
  [[WRITE], [WRITE], [WRITE]],
  [[WRITE], [NODES, WRITE], [WRITE, NODES]],
  [[WRITE], [ADMIN], [WRITE, NODES]],
  [[READ], [NODES, WRITE], [READ]],
  [[NODES], [NODES], [NODES]],
  [
    [NODES, WRITE],
    [NODES, WRITE],
    [NODES, WRITE],
  ],
  [
    [ADMIN, WRITE],
    [ADMIN, WRITE],
    [ADMIN, WRITE],
  ],
  [[], [NODES, WRITE], []],
])("a connect for %j by who holds %j has %j", (asked, held, effective) => {
  expect(effectiveScopes(asked, held)).toEqual(effective);
  expect(coversAll(held, effective)).toBe(true);
});

test.each<[before: Scopes, now: Scopes]>([
  [[READ], [READ]],
  [
    [READ, WRITE],
    [NODES, READ, WRITE],
  ],
  [
    [ADMIN, WRITE],
    [ADMIN, WRITE],
  ],
  [[], []],
])("%j of before are %j", (before, now) => {
  expect(scopesFromBefore(before)).toEqual(now);
  expect(scopesFromBefore(now)).toBe(now);
});

test.each<[scopes: Scopes, held: Scopes, can: boolean]>([
  [[NODES, WRITE], [], true],
  [[NODES], [READ], true],
  [[WRITE], [], false],
  [[ADMIN, NODES], [], false],
  [[NODES], [NODES], false],
  [[NODES], [ADMIN], false],
])("an approval of %j for a device with %j can leave it out: %s", (scopes, held, can) => {
  expect(canLeaveNodesOut(scopes, held)).toBe(can);
});
