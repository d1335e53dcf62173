import { describe, expect, test } from "vitest";
import type { AdmissionPolicy, ConnectFacts, Evidence, PairedView } from "../../src/auth/facts.ts";
import { ADMIN, decide, mismatch, ok, paired, READ, word } from "./support.ts";

describe("a backend of this machine with a key", () => {
  const backend = {
    clientId: "gateway-client",
    clientMode: "backend",
    directLoopback: true,
    auth: { token: "t" },
  };
  const unknown: Evidence = { proof: "ok", device: null, deviceToken: mismatch, secret: ok };
  const asNode: PairedView = { roles: ["node"] };
  const wide = [READ, ADMIN];
  const taken: PairedView = { roles: ["operator"] };

  test.each<[string, Partial<ConnectFacts>, Evidence, Partial<AdmissionPolicy>, string, boolean]>([
    ["unknown", {}, unknown, {}, `admit token [${READ}]`, true],
    ["with no scopes", { scopes: [] }, unknown, {}, "admit token []", true],
    ["known as a node", {}, { ...unknown, device: asNode }, {}, `admit token [${READ}]`, true],
    ["paired", {}, { ...unknown, device: paired }, {}, `admit token [${READ}]`, false],
    [
      "paired for less",
      { scopes: wide },
      { ...unknown, device: paired },
      {},
      "pair scope-upgrade with secret",
      false,
    ],
    ["revoked", {}, { ...unknown, device: taken }, {}, "pair role-upgrade with secret", false],
    [
      "where the exception is off",
      {},
      unknown,
      { devicelessCli: "never" },
      "pair not-paired with secret",
      false,
    ],
    ["from outside", { directLoopback: false }, unknown, {}, "pair not-paired with secret", false],
    ["as a node", { role: "node" }, unknown, {}, "pair not-paired with secret", false],
    [
      "as the command line",
      { clientId: "cli", clientMode: "cli" },
      unknown,
      {},
      "pair not-paired with secret",
      false,
    ],
    ["with a wrong secret", {}, { ...unknown, secret: mismatch }, {}, "AUTH_TOKEN_MISMATCH", false],
    [
      "that proves nothing",
      {},
      { ...unknown, proof: "device-signature" },
      {},
      "DEVICE_AUTH_SIGNATURE_INVALID",
      false,
    ],
  ])("%s", (_name, f, evidence, p, expected, withoutKey) => {
    const decision = decide({ ...backend, ...f }, evidence, p);
    expect(word(decision)).toBe(expected);
    expect(decision.kind === "admit" && decision.withoutKey === true).toBe(withoutKey);
  });
});
