import type { Limit } from "./limit.ts";

/** The limits of links that pair: a part of the table in table.ts. */
export const inviteLimitTable = {
  invites: {
    value: 256,
    unit: "count",
    bounds: "links that still pair someone",
    past: "`devices invite` is refused until one is used or expires",
    metric: "-",
    test: "pairing/ledger.test.ts",
  },
  inviteMaxMs: {
    value: 30 * 24 * 60 * 60 * 1000,
    unit: "ms",
    bounds: "longest life of a link (default one hour)",
    past: "refused by `devices invite`",
    metric: "-",
    test: "pairing/ledger.test.ts",
  },
  inviteMinMs: {
    value: 1000,
    unit: "ms",
    bounds: "shortest life of a link or setup code",
    past: "`INVALID_REQUEST` `invalid … params`",
    metric: "-",
    test: "gateway/links.test.ts",
  },
  inviteDefaultMs: {
    value: 60 * 60 * 1000,
    unit: "ms",
    bounds: "life of a link where nobody says how long",
    past: "it expires",
    metric: "-",
    test: "gateway/links.test.ts",
  },
  setupDefaultMs: {
    value: 10 * 60 * 1000,
    unit: "ms",
    bounds: "life of a setup code where nobody says how long",
    past: "it expires",
    metric: "-",
    test: "gateway/setup-code.test.ts",
  },
  inviteKeptMs: {
    value: 24 * 60 * 60 * 1000,
    unit: "ms",
    bounds: "time for which an expired link is known as such",
    past: "it is forgotten, and opening it says `unknown`",
    metric: "-",
    test: "pairing/ledger.test.ts",
  },
  inviteUses: {
    value: 256,
    unit: "count",
    bounds: "devices that one link may pair (`devices invite --uses`)",
    past: "refused by `devices invite`; the link itself refuses the next device",
    metric: "-",
    test: "pairing/invite.test.ts",
  },
  setupUrlChars: {
    value: 512,
    unit: "count",
    bounds: "characters of the gateway's address in a setup code",
    past: "`INVALID_REQUEST` `SETUP_ADDRESS_INVALID`",
    metric: "-",
    test: "methods/setup-url.test.ts",
  },
} as const satisfies Record<string, Limit>;
