import type { Limit } from "./limit.ts";

/** The limits of what a device says about itself and asks for: a part of the table in table.ts. */
export const deviceLimitTable = {
  clientTextChars: {
    value: 256,
    unit: "count",
    bounds: "characters of one text a client sends about itself",
    past: "cut where it is stored or shown",
    metric: "-",
    test: "gateway/connect-params.test.ts",
  },
  scopesPerRequest: {
    value: 32,
    unit: "count",
    bounds:
      "scopes in one connect, link or rotation; a pairing request gathers no more than that over retries",
    past: "`INVALID_REQUEST` `invalid … params`; a retry asks for its own scopes alone",
    metric: "-",
    test: "gateway/envelope.test.ts",
  },
  scopeChars: {
    value: 128,
    unit: "count",
    bounds: "characters of one scope",
    past: "`INVALID_REQUEST` `invalid … params` of the connect, scope upgrade, link or rotation",
    metric: "-",
    test: "gateway/envelope.test.ts",
  },
  scopesPerDevice: {
    value: 64,
    unit: "count",
    bounds: "scopes of one device, gathered over approvals",
    past: "the approval is refused; a link grants its own scopes alone",
    metric: "-",
    test: "pairing/ledger.test.ts",
  },
} as const satisfies Record<string, Limit>;
