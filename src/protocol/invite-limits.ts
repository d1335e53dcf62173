import type { Limit } from "./limits.ts";

/** The limits of links that pair: a part of the table in limits.ts. */
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
