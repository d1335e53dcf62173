import { describe, expect, test } from "vitest";
import { audienceOf, secretCandidate } from "../../src/auth/admit.ts";
import type { AdmissionPolicy, ConnectFacts, Evidence, PairedView } from "../../src/auth/facts.ts";
import {
  ADMIN,
  decide,
  facts,
  locked,
  mismatch,
  ok,
  paired,
  policy,
  proven,
  READ,
  word,
} from "./support.ts";

describe("what it asks for, and in which order", () => {
  test.each<[string, Partial<ConnectFacts>, Evidence, string]>([
    ["the proof comes first", { auth: { token: "t" } }, {}, "need proof"],
    ["then the record", { auth: { token: "t" } }, { proof: "ok" }, "need device"],
    ["then whether it is a device token", { auth: { token: "t" } }, proven, "need deviceToken"],
    [
      "then the secret",
      { auth: { token: "t" } },
      { ...proven, deviceToken: mismatch },
      "need secret",
    ],
    ["a link needs no secret", { auth: { bootstrapToken: "b" } }, proven, "need invite"],
    ["no device: only the secret", { hasDevice: false, auth: { token: "t" } }, {}, "need secret"],
  ])("%s", (_name, f, evidence, expected) => {
    expect(word(decide(f, evidence))).toBe(expected);
  });

  test.each([
    ["draining", { phase: "draining" as const }],
    ["starting", { phase: "starting" as const }],
    ["protocol", { minProtocol: 5, maxProtocol: 5 }],
    ["role", { role: "king" }],
    ["origin", { origin: "refused" as const }],
    ["no device and no secret", { hasDevice: false }],
  ])("nothing dear is paid for when a cheap check fails: %s", (_name, f) => {
    expect(decide(f, {}).kind).toBe("refuse");
  });
});

describe("protocol ranges", () => {
  test.each<[number, number, Partial<ConnectFacts>, boolean]>([
    [4, 4, {}, true],
    [1, 9, {}, true],
    [3, 3, {}, true],
    [1, 3, {}, true],
    [1, 2, {}, false],
    [5, 5, {}, false],
    [3, 3, { clientMode: "probe" }, true],
    [2, 2, { clientMode: "probe" }, false],
    [5, 6, { clientMode: "probe" }, false],
    [3, 3, { role: "node", clientMode: "node" }, true],
    [2, 2, { role: "node", clientMode: "node" }, false],
    [3, 3, { role: "node", clientMode: "cli" }, true],
    [3, 3, { role: "operator", clientMode: "node" }, true],
  ])("%i to %i %j: %s", (minProtocol, maxProtocol, more, accepted) => {
    const decision = decide({ ...more, minProtocol, maxProtocol }, {});
    expect(word(decision) !== "PROTOCOL_MISMATCH").toBe(accepted);
  });
});

describe("without a device", () => {
  const none = { hasDevice: false, auth: { token: "t" } };
  const cli = { ...none, clientId: "cli", clientMode: "cli", directLoopback: true };
  const backend = { ...cli, clientId: "gateway-client", clientMode: "backend" };
  test.each<[string, Partial<ConnectFacts>, Partial<AdmissionPolicy>, string]>([
    ["cli on loopback", cli, {}, `admit token [${READ}]`],
    ["backend on loopback", backend, {}, `admit token [${READ}]`],
    ["cli on loopback, never", cli, { devicelessCli: "never" }, "admit token []"],
    ["cli from outside", { ...cli, directLoopback: false }, {}, "admit token []"],
    ["backend from outside", { ...backend, directLoopback: false }, {}, "admit token []"],
    ["cli as probe", { ...cli, clientMode: "probe" }, {}, "admit token []"],
    ["backend as cli", { ...backend, clientMode: "cli" }, {}, "admit token []"],
    ["another client on loopback", { ...none, directLoopback: true }, {}, "admit token []"],
    ["node", { ...cli, role: "node" }, {}, "DEVICE_IDENTITY_REQUIRED"],
    [
      "Control UI",
      { ...cli, clientId: "openclaw-control-ui" },
      {},
      "CONTROL_UI_DEVICE_IDENTITY_REQUIRED",
    ],
  ])("with a right secret: %s", (_name, f, p, expected) => {
    expect(word(decide(f, { secret: ok }, p))).toBe(expected);
  });

  test.each([
    ["mismatch", mismatch, "AUTH_TOKEN_MISMATCH"],
    ["locked", locked, "AUTH_RATE_LIMITED"],
    ["unset", { verdict: "unset" } as const, "AUTH_TOKEN_NOT_CONFIGURED"],
    ["busy", { verdict: "busy" } as const, "1013 authentication busy; retry shortly"],
  ])("with a secret that is %s", (_name, secret, expected) => {
    expect(word(decide(cli, { secret }))).toBe(expected);
    expect(word(decide({ ...cli, role: "node" }, { secret }))).toBe(expected);
  });
});

describe("a device with the shared secret", () => {
  const withToken = { auth: { token: "t" } };
  const base: Evidence = { ...proven, deviceToken: mismatch, secret: ok };
  test.each<[string, Partial<ConnectFacts>, Evidence, string]>([
    ["is admitted when paired", withToken, base, `admit token [${READ}]`],
    ["is paired when unknown", withToken, { ...base, device: null }, "pair not-paired with secret"],
    [
      "lost its role when its token was revoked",
      withToken,
      { ...base, device: { ...paired, token: undefined } },
      "pair role-upgrade with secret",
    ],
    [
      "must ask for more scopes",
      { ...withToken, scopes: [READ, ADMIN] },
      base,
      "pair scope-upgrade with secret",
    ],
    [
      "in the node role needs no scopes",
      { ...withToken, role: "node", scopes: [ADMIN] },
      { ...base, device: { roles: ["node"], token: { scopes: [], claimable: false } } },
      "admit token []",
    ],
  ])("%s", (_name, f, evidence, expected) => {
    expect(word(decide(f, evidence))).toBe(expected);
  });

  test("has to ask for what its token was rotated out of, and comes in with the rest", () => {
    const device = { ...paired, token: { scopes: [], claimable: false } };
    expect(word(decide(withToken, { ...base, device }))).toBe("pair scope-upgrade with secret");
    expect(word(decide({ ...withToken, scopes: [] }, { ...base, device }))).toBe("admit token []");
  });

  test("is told of the token it should try only when it sent nothing but auth.token", () => {
    const wrong = { ...base, secret: mismatch };
    const retry = (auth: ConnectFacts["auth"], p: Partial<AdmissionPolicy> = {}) => {
      const decision = decide({ auth }, wrong, p);
      if (decision.kind !== "refuse") throw new Error(word(decision));
      return decision.refusal.error.details?.["canRetryWithDeviceToken"];
    };
    expect(retry({ token: "t" })).toBe(true);
    expect(retry({ password: "t" })).toBe(false);
    expect(retry({ token: "t", password: "t" })).toBe(false);
    expect(retry({ token: "t", deviceToken: "d" })).toBe(false);
    expect(retry({ token: "t" }, { secretKind: "password" })).toBe(false);
  });
});

describe("a device with its own token", () => {
  const own = { auth: { deviceToken: "d" } };
  const base: Evidence = { ...proven, deviceToken: ok };
  test("is admitted, also while its address is locked out of the shared secret", () => {
    expect(word(decide(own, base))).toBe(`admit device-token [${READ}]`);
    expect(word(decide(own, { ...base, secret: locked }))).toBe(`admit device-token [${READ}]`);
  });

  test.each<[string, Partial<ConnectFacts>, Evidence, string]>([
    ["wrong", own, { ...proven, deviceToken: mismatch }, "AUTH_DEVICE_TOKEN_MISMATCH"],
    ["wrong too often", own, { ...proven, deviceToken: locked }, "AUTH_RATE_LIMITED"],
    ["too narrow", { ...own, scopes: [ADMIN] }, base, "AUTH_SCOPE_MISMATCH"],
    [
      "too narrow, and it can wait",
      { ...own, scopes: [ADMIN], waits: true },
      base,
      "pair scope-upgrade",
    ],
    [
      "wrong beside a right secret",
      { auth: { token: "t", deviceToken: "d" } },
      { ...proven, deviceToken: mismatch, secret: ok },
      `admit token [${READ}]`,
    ],
    [
      "wrong beside a wrong secret",
      { auth: { token: "t", deviceToken: "d" } },
      { ...proven, deviceToken: mismatch, secret: mismatch },
      "AUTH_DEVICE_TOKEN_MISMATCH",
    ],
    [
      "locked beside a wrong secret",
      { auth: { token: "t", deviceToken: "d" } },
      { ...proven, deviceToken: locked, secret: mismatch },
      "AUTH_RATE_LIMITED",
    ],
    [
      "wrong beside a secret that is busy",
      { auth: { token: "t", deviceToken: "d" } },
      { ...proven, deviceToken: mismatch, secret: { verdict: "busy" } },
      "1013 authentication busy; retry shortly",
    ],
    [
      "wrong, and it can wait",
      { ...own, waits: true },
      { ...proven, deviceToken: mismatch },
      "AUTH_DEVICE_TOKEN_MISMATCH",
    ],
  ])("%s", (_name, f, evidence, expected) => {
    expect(word(decide(f, evidence))).toBe(expected);
  });
});

describe("a device with a one-time link", () => {
  const link = { auth: { bootstrapToken: "b" }, scopes: [READ, ADMIN] };
  const good = { verdict: "ok", inviteId: "i", roles: ["operator"], scopes: [READ] } as const;
  const both = { ...good, roles: ["node", "operator"] } as const;
  test.each<[string, Partial<ConnectFacts>, NonNullable<Evidence["invite"]>, string]>([
    [
      "gets what both the link grants and it asks for",
      link,
      good,
      `admit bootstrap-token [${READ}]`,
    ],
    ["may get nothing", { ...link, scopes: [ADMIN] }, good, "admit bootstrap-token []"],
    ["must ask for the link's role", { ...link, role: "node" }, good, "INVALID_ROLE"],
    ["may ask for any of its roles", { ...link, role: "node" }, both, "admit bootstrap-token []"],
    ["may ask for another of them", link, both, `admit bootstrap-token [${READ}]`],
    ["is told when locked", link, locked, "AUTH_RATE_LIMITED"],
    [
      "is told when refused",
      link,
      { verdict: "refused", problem: "expired" },
      "AUTH_BOOTSTRAP_TOKEN_INVALID",
    ],
  ])("%s", (_name, f, invite, expected) => {
    expect(word(decide(f, { ...proven, invite }))).toBe(expected);
  });

  test("needs no record", () => {
    const decision = decide(link, { proof: "ok", device: null, invite: good });
    expect(decision).toMatchObject({ kind: "admit", inviteId: "i" });
  });
});

describe("a device with no credential at all", () => {
  const waits = { waits: true };
  const claimable: PairedView = { ...paired, token: { scopes: [READ], claimable: true } };
  test.each<[string, Partial<ConnectFacts>, Evidence, Partial<AdmissionPolicy>, string]>([
    ["is refused when it cannot wait", {}, proven, {}, "AUTH_TOKEN_MISSING"],
    [
      "is refused when pairing is closed",
      waits,
      proven,
      { pairingOpen: false },
      "AUTH_TOKEN_MISSING",
    ],
    ["may ask", waits, { ...proven, device: null }, {}, "pair not-paired"],
    ["may ask again when it lost its token", waits, proven, {}, "pair not-paired"],
    [
      "is let in once its approval stands",
      waits,
      { ...proven, device: claimable },
      {},
      `admit device-token [${READ}]`,
    ],
    [
      "is let in with nothing more than was approved",
      { ...waits, scopes: [READ, ADMIN] },
      { ...proven, device: claimable },
      {},
      "pair scope-upgrade",
    ],
    [
      "is not let in by an approval when pairing was closed since",
      waits,
      { ...proven, device: claimable },
      { pairingOpen: false },
      "AUTH_TOKEN_MISSING",
    ],
    [
      "must prove its key",
      waits,
      { proof: "device-signature", device: claimable },
      {},
      "DEVICE_AUTH_SIGNATURE_INVALID",
    ],
  ])("%s", (_name, f, evidence, p, expected) => {
    expect(word(decide(f, evidence, p))).toBe(expected);
  });

  test("with a wrong one may not ask", () => {
    const evidence: Evidence = { ...proven, device: null, deviceToken: mismatch, secret: mismatch };
    expect(word(decide({ ...waits, auth: { token: "t" } }, evidence))).toBe("AUTH_TOKEN_MISMATCH");
  });
});

describe("small helpers", () => {
  test("the secret is taken from the mode's own field first", () => {
    const auth = { token: "t", password: "p" };
    expect(secretCandidate(facts({ auth }), policy)).toBe("t");
    expect(secretCandidate(facts({ auth }), { ...policy, secretKind: "password" })).toBe("p");
    expect(secretCandidate(facts({ auth: { password: "p" } }), policy)).toBe("p");
    expect(secretCandidate(facts({ auth: { deviceToken: "d" } }), policy)).toBeUndefined();
  });

  test.each([
    [{ clientId: "cli", directLoopback: true }, "cli-local"],
    [{ clientId: "cli" }, "cli-remote"],
    [{ clientId: "webchat" }, "other"],
    [{ clientId: "webchat", clientMode: "webchat" }, "browser"],
    [{ clientId: "openclaw-control-ui" }, "browser"],
    [{ clientId: "openclaw-ios" }, "other"],
  ])("%j is spoken to as %s", (f, audience) => {
    expect(audienceOf(facts(f))).toBe(audience);
  });
});
