import { type AdmitDecision, admit } from "../../src/auth/admit.ts";
import type { AdmissionPolicy, ConnectFacts, Evidence, PairedView } from "../../src/auth/facts.ts";

export const READ = "operator.read";
export const ADMIN = "operator.admin";

export const policy: AdmissionPolicy = {
  secretKind: "token",
  pairingOpen: true,
  devicelessCli: "loopback",
};

export function facts(more: Partial<ConnectFacts> = {}): ConnectFacts {
  return {
    phase: "ready",
    minProtocol: 4,
    maxProtocol: 4,
    clientId: "test",
    clientMode: "test",
    role: "operator",
    scopes: [READ],
    hasDevice: true,
    waits: false,
    auth: {},
    origin: "none",
    directLoopback: false,
    ...more,
  };
}

export const paired: PairedView = {
  roles: ["operator"],
  token: { scopes: [READ], claimable: false },
};
export const proven: Evidence = { proof: "ok", device: paired };
export const mismatch = { verdict: "mismatch" } as const;
export const ok = { verdict: "ok" } as const;
export const locked = { verdict: "locked", retryAfterMs: 7000 } as const;

export function decide(
  f: Partial<ConnectFacts>,
  evidence: Evidence,
  p: Partial<AdmissionPolicy> = {},
) {
  return admit(facts(f), evidence, { ...policy, ...p });
}

/** A refusal's code, or what else was decided, in one word. */
export function word(decision: AdmitDecision): string {
  switch (decision.kind) {
    case "need":
      return `need ${decision.evidence}`;
    case "pair":
      return `pair ${decision.reason}${decision.withSecret ? " with secret" : ""}`;
    case "admit":
      return `admit ${decision.method} [${decision.scopes}]`;
    case "refuse": {
      const { error, close } = decision.refusal;
      return String(error.details?.["code"] ?? `${close.code} ${error.message}`);
    }
  }
}
