import { describe, expect, test } from "vitest";
import { type AdmitDecision, admit } from "../../src/auth/admit.ts";
import type { ConnectFacts, Credentials, Evidence } from "../../src/auth/facts.ts";
import { facts, policy, READ } from "./support.ts";

const WRITE = "operator.write";
const ASKED = [READ, WRITE];

/** What a device holds: nothing, less than it asks for, or all of it. */
const records = { unpaired: undefined, "paired for less": [READ], paired: ASKED } as const;
type Record = keyof typeof records;

/** What each credential can be: how it is sent, and what is found out about it. */
const tokens = {
  right: { verdict: "ok" },
  dead: { verdict: "mismatch" },
  "wrong too often": { verdict: "locked", retryAfterMs: 7000 },
} as const;
const link = { verdict: "ok", inviteId: "i", roles: ["operator"], scopes: ASKED } as const;
const links = {
  good: link,
  narrow: { ...link, scopes: [READ] },
  "of another role": { ...link, roles: ["node"], scopes: [] },
  used: { verdict: "refused", problem: "used-by-another-device" },
  wrong: { verdict: "refused", problem: "unknown" },
  "wrong too often": { verdict: "locked", retryAfterMs: 9000 },
} as const;
const secrets = ["right", "wrong"] as const;

interface Shown {
  readonly deviceToken?: keyof typeof tokens | undefined;
  readonly link?: keyof typeof links | undefined;
  readonly token?: (typeof secrets)[number] | undefined;
  readonly password?: (typeof secrets)[number] | undefined;
  /** That the shared secret can't be judged now. */
  readonly unjudged?: "busy" | "locked";
}
type Name = "deviceToken" | "link" | "token" | "password";
const names: readonly Name[] = ["deviceToken", "link", "token", "password"];

function connect(shown: Shown, waits: boolean): ConnectFacts {
  const auth: Credentials = {
    ...(shown.deviceToken && { deviceToken: `device token, ${shown.deviceToken}` }),
    ...(shown.link && { bootstrapToken: `link, ${shown.link}` }),
    ...(shown.token && { token: `token, ${shown.token}` }),
    ...(shown.password && { password: `password, ${shown.password}` }),
  };
  return facts({ scopes: ASKED, waits, auth });
}

/** Decides a connect that shows all of this, and tells which evidence that took. */
function decide(record: Record, shown: Shown, waits: boolean) {
  const asked = connect(shown, waits);
  const scopes = records[record];
  const device = scopes && { roles: ["operator"] as const, token: { scopes, claimable: false } };
  const evidence: Evidence = { proof: "ok", device: device ?? null };
  const gathered: string[] = [];
  for (;;) {
    const decision = admit(asked, evidence, policy);
    if (decision.kind !== "need") return { decision, gathered };
    gathered.push(decision.evidence);
    switch (decision.evidence) {
      case "deviceToken":
        evidence.deviceToken = tokens[shown.deviceToken ?? "dead"];
        break;
      case "invite":
        evidence.invite = links[shown.link ?? "wrong"];
        break;
      default:
        evidence.secret = secretOf(shown);
    }
  }
}

function secretOf({ token, password, unjudged }: Shown): NonNullable<Evidence["secret"]> {
  if (unjudged === "locked") return { verdict: "locked", retryAfterMs: 8000 };
  if (unjudged) return { verdict: unjudged };
  // Either field may carry it, and beside that of the mode the other one is none.
  return { verdict: (token ?? password) === "right" ? "ok" : "mismatch" };
}

/** A decision in a few words. */
function word(decision: AdmitDecision): string {
  switch (decision.kind) {
    case "admit": {
      const scopes = decision.scopes.map((scope) => scope.replace("operator.", ""));
      return `${decision.method} [${scopes}]${decision.inviteId ? ", link used" : ""}`;
    }
    case "pair":
      return `asks${decision.withSecret ? " by secret" : ""}`;
    case "refuse": {
      const { details, message, retryAfterMs } = decision.refusal.error;
      const { code, reason } = details ?? {};
      return [code ?? message, reason, retryAfterMs].filter((part) => part !== undefined).join(" ");
    }
    default:
      return decision.kind;
  }
}

/** All that can be shown together, to a gateway where the device is `record`. */
function* combinations(record: Record): Generator<Shown> {
  const live = records[record] ? Object.keys(tokens) : ["dead", "wrong too often"];
  for (const deviceToken of [undefined, ...live] as (keyof typeof tokens | undefined)[]) {
    for (const link of [undefined, ...Object.keys(links)] as (keyof typeof links | undefined)[]) {
      for (const token of [undefined, ...secrets]) {
        for (const password of [undefined, ...secrets]) {
          const shown = { deviceToken, link, token, password };
          if (names.some((name) => shown[name] !== undefined)) yield shown;
        }
      }
    }
  }
}

/** What is shown, each credential by itself. */
function alone({ token, password, ...others }: Shown): Shown[] {
  const shown: Shown = { ...others, ...(token ? { token } : { password }) };
  return names.flatMap((name) => (shown[name] === undefined ? [] : [{ [name]: shown[name] }]));
}

describe.each(Object.keys(records) as Record[])("a device that is %s", (record) => {
  const cases = [...combinations(record)].flatMap((shown) =>
    [true, false].map((waits) => ({
      shown,
      waits,
      ...decide(record, shown, waits),
      singles: alone(shown).map((one) => ({ one, ...decide(record, one, waits) })),
    })),
  );

  test("is let in exactly where one of the things that it shows would let it in", () => {
    expect(cases.length).toBeGreaterThan(300);
    for (const { shown, waits, decision, singles } of cases) {
      const suffices = singles.some((single) => single.decision.kind === "admit");
      expect(decision.kind === "admit", JSON.stringify({ shown, waits })).toBe(suffices);
    }
  });

  test("gets no less than the best of them would give, and no more than it asked for", () => {
    for (const { shown, decision, singles } of cases) {
      if (decision.kind !== "admit") continue;
      const best = singles.flatMap((single) =>
        single.decision.kind === "admit" ? single.decision.scopes : [],
      );
      expect(decision.scopes, JSON.stringify(shown)).toEqual(expect.arrayContaining(best));
      expect(ASKED).toEqual(expect.arrayContaining([...decision.scopes]));
    }
  });

  test("uses no link up where anything else lets it in, or the link adds nothing", () => {
    for (const { shown, decision, singles } of cases) {
      const usesLink = decision.kind === "admit" && decision.inviteId !== undefined;
      if (!usesLink) continue;
      const others = singles.filter(({ one }) => one.link === undefined);
      const lets = others.some((single) => single.decision.kind === "admit");
      expect(lets, JSON.stringify(shown)).toBe(false);
      const right = [shown.deviceToken, shown.token ?? shown.password].includes("right");
      const adds = !(records[record] && shown.link === "narrow");
      expect(adds || !right, JSON.stringify(shown)).toBe(true);
    }
  });

  test("makes a guess at most once, and none where its own token suffices", () => {
    for (const { shown, gathered } of cases) {
      expect(new Set(gathered).size, JSON.stringify(shown)).toBe(gathered.length);
      const suffices = record === "paired" && shown.deviceToken === "right";
      if (suffices) expect(gathered).toEqual(["deviceToken"]);
      if (gathered.includes("secret")) expect(shown.token ?? shown.password).toBeDefined();
      if (gathered.includes("invite")) expect(shown.link).toBeDefined();
    }
  });

  test("asks the owner where the shared secret alone would, and never for what a link was shown for", () => {
    for (const { shown, waits, decision, singles } of cases) {
      if (decision.kind === "admit") continue;
      const bySecret = singles.some(({ one, decision: { kind } }) => {
        return kind === "pair" && (one.token ?? one.password) !== undefined;
      });
      const byToken = shown.deviceToken === "right" && waits && shown.link === undefined;
      expect(decision.kind, JSON.stringify({ shown, waits })).toBe(
        bySecret || byToken ? "pair" : "refuse",
      );
    }
  });

  test("hears of something that is wrong with what it showed", () => {
    for (const { shown, decision, singles } of cases) {
      if (decision.kind !== "refuse") continue;
      const said = singles.map((single) => word(single.decision));
      expect(said, JSON.stringify(shown)).toContain(word(decision));
    }
  });
});

const LET_IN = `device-token [read,write]`;
const BY_TOKEN = `token [read,write]`;
const BY_LINK = "bootstrap-token [read,write], link used";
const DEAD = "AUTH_DEVICE_TOKEN_MISMATCH";
const NARROW = "AUTH_SCOPE_MISMATCH";
const USED = "AUTH_BOOTSTRAP_TOKEN_INVALID used-by-another-device";
const UNKNOWN = "AUTH_BOOTSTRAP_TOKEN_INVALID unknown";
const WRONG = "AUTH_TOKEN_MISMATCH";
const FIRST = "AUTH_RATE_LIMITED 7000";
const SECOND = "AUTH_RATE_LIMITED 9000";

describe("what comes of it, for a client that can't wait", () => {
  const token = "right";
  test.each<[Record, Shown, string]>([
    // A device token that covers what is asked for needs nothing else.
    ["paired", { deviceToken: "right", link: "good" }, LET_IN],
    ["paired", { deviceToken: "right", link: "used" }, LET_IN],
    ["paired", { deviceToken: "right", token: "wrong" }, LET_IN],
    ["paired", { deviceToken: "right", token: "wrong", link: "wrong" }, LET_IN],
    // A narrow one, with what gives the rest.
    ["paired for less", { deviceToken: "right", link: "good" }, BY_LINK],
    ["paired for less", { deviceToken: "right", link: "narrow" }, "device-token [read]"],
    ["paired for less", { deviceToken: "right", token }, "asks by secret"],
    ["paired for less", { deviceToken: "right", token, link: "good" }, BY_LINK],
    ["paired for less", { deviceToken: "right", token: "wrong", link: "good" }, BY_LINK],
    ["paired for less", { deviceToken: "right", token, link: "used" }, "asks by secret"],
    ["paired for less", { deviceToken: "right", token: "wrong" }, NARROW],
    ["paired for less", { deviceToken: "right", token, unjudged: "locked" }, NARROW],
    ["paired for less", { deviceToken: "right", link: "used" }, USED],
    ["paired for less", { deviceToken: "right", link: "wrong" }, UNKNOWN],
    ["paired for less", { deviceToken: "right", link: "of another role" }, "INVALID_ROLE"],
    // A dead one: rotated, revoked, of another role or of another gateway.
    ["paired", { deviceToken: "dead", link: "good" }, BY_LINK],
    ["unpaired", { deviceToken: "dead", link: "good" }, BY_LINK],
    ["unpaired", { deviceToken: "dead", link: "narrow" }, "bootstrap-token [read], link used"],
    ["unpaired", { deviceToken: "dead", link: "used" }, USED],
    ["unpaired", { deviceToken: "dead", link: "wrong" }, UNKNOWN],
    ["unpaired", { deviceToken: "wrong too often", link: "used" }, USED],
    ["unpaired", { deviceToken: "wrong too often", link: "wrong" }, FIRST],
    ["unpaired", { deviceToken: "dead", link: "wrong too often" }, SECOND],
    ["unpaired", { deviceToken: "wrong too often", link: "wrong too often" }, SECOND],
    ["paired", { deviceToken: "dead", token }, BY_TOKEN],
    ["paired", { deviceToken: "dead", token, link: "good" }, BY_TOKEN],
    ["unpaired", { deviceToken: "dead", token }, "asks by secret"],
    ["unpaired", { deviceToken: "dead", token, link: "good" }, BY_LINK],
    ["unpaired", { deviceToken: "dead", token, link: "used" }, "asks by secret"],
    ["unpaired", { deviceToken: "dead", token: "wrong", link: "good" }, BY_LINK],
    ["unpaired", { deviceToken: "dead", token: "wrong", link: "used" }, USED],
    ["unpaired", { deviceToken: "dead", token: "wrong" }, DEAD],
    ["unpaired", { deviceToken: "wrong too often", token: "wrong" }, FIRST],
    // A link and the shared secret.
    ["paired", { token, link: "good" }, BY_TOKEN],
    ["paired for less", { token, link: "good" }, BY_LINK],
    ["paired for less", { token, link: "narrow" }, "token [read]"],
    ["paired for less", { token: "wrong", link: "narrow" }, "bootstrap-token [read], link used"],
    ["unpaired", { token, link: "good" }, BY_LINK],
    ["unpaired", { token, link: "used" }, "asks by secret"],
    ["unpaired", { token: "wrong", link: "good" }, BY_LINK],
    ["unpaired", { token: "wrong", link: "used" }, USED],
    ["unpaired", { token, link: "good", unjudged: "locked" }, BY_LINK],
    ["unpaired", { token, link: "used", unjudged: "locked" }, "AUTH_RATE_LIMITED 8000"],
    [
      "unpaired",
      { token, link: "used", unjudged: "busy" },
      "authentication busy; retry shortly 1000",
    ],
    // Both fields of the shared secret.
    ["paired", { token, password: "wrong" }, BY_TOKEN],
    ["paired", { token: "wrong", password: "right" }, WRONG],
    ["paired", { deviceToken: "dead", password: "right" }, BY_TOKEN],
    ["paired", { deviceToken: "dead", password: "wrong", link: "good" }, BY_LINK],
  ])("%s, %j: %s", (record, shown, expected) => {
    expect(word(decide(record, shown, false).decision)).toBe(expected);
  });

  test("a backend of this machine uses no link up where the secret lets it in", () => {
    const backend = { clientId: "gateway-client", clientMode: "backend", directLoopback: true };
    const asked = { ...connect({ token, link: "good" }, false), ...backend };
    const evidence: Evidence = { proof: "ok", device: null, deviceToken: tokens.dead };
    const decision = admit(asked, { ...evidence, secret: { verdict: "ok" } }, policy);
    expect(decision).toMatchObject({ kind: "admit", method: "token", withoutKey: true });
    const wrong = admit(
      asked,
      { ...evidence, secret: { verdict: "mismatch" }, invite: link },
      policy,
    );
    expect(decision.kind === "admit" && decision.inviteId).toBeUndefined();
    expect(word(wrong)).toBe(BY_LINK);
  });

  test("one that can wait asks by a narrow token, and by a link that failed does not", () => {
    const asks = (shown: Shown) => word(decide("paired for less", shown, true).decision);
    expect(asks({ deviceToken: "right" })).toBe("asks");
    expect(asks({ deviceToken: "right", token: "wrong" })).toBe("asks");
    expect(asks({ deviceToken: "right", link: "good" })).toBe(BY_LINK);
    expect(asks({ deviceToken: "right", link: "used" })).toBe(USED);
  });
});
