import { limitTable } from "../../src/limits/table.ts";
import { JOIN_BYTES } from "../../src/methods/setup.ts";
import { SECRET_BYTES } from "../../src/pairing/invite.ts";
import { CODES, CODES_ONE_OFF } from "../../src/words/code.ts";
import { amountWords } from "./amounts.ts";

const DAY_MS = 24 * 60 * 60 * 1000;
const MINUTE_MS = 60 * 1000;
const YEAR_S = 365 * 24 * 60 * 60;
/** More than this gateway answers, on any machine. */
const TRIES_PER_SECOND = 1_000_000;

interface Rules {
  readonly failures: number;
  readonly windowMs: number;
  readonly lockMs: number;
}

/**
 * Wrong tries of one caller in a day: one fewer in each window than lock it, or as many as lock it after
 * each lock, whichever is more.
 */
export function triesPerDay({ failures, windowMs, lockMs }: Rules): number {
  const below = (failures - 1) * Math.ceil(DAY_MS / windowMs);
  const locked = failures * Math.ceil(DAY_MS / lockMs);
  return Math.max(below, locked);
}

const value = (name: keyof typeof limitTable): number => limitTable[name].value;

/** The arithmetic of docs/guessing.md, from the table of limits. */
export function guessing() {
  const codeTries = triesPerDay({
    failures: value("codeFailures"),
    windowMs: value("codeWindowMs"),
    lockMs: value("codeLockMs"),
  });
  const linkTries = triesPerDay({
    failures: value("authFailures"),
    windowMs: value("authWindowMs"),
    lockMs: value("authLockMs"),
  });
  const codesOut = value("pendingRequests") + value("nodeRequests");
  const askedMeanwhile =
    value("requestBurst") + (value("requestsPerMinute") * value("pendingMs")) / MINUTE_MS;
  const triesPerYear = TRIES_PER_SECOND * YEAR_S * value("invites");
  return {
    codes: CODES,
    codesOut,
    codeTries,
    /** That one caller names a code that is out, in a day. */
    codeNamed: (codeTries * codesOut) / CODES,
    /** That a code that the owner mistypes is that of a stranger's request. */
    mistyped: value("pendingRequests") / CODES,
    askedMeanwhile,
    /** That one of the requests made while a code lives differs from it in one character. */
    lookalike: (askedMeanwhile * CODES_ONE_OFF) / CODES,
    linkTries,
    /** That a link is guessed within a year, by everybody together. */
    link: triesPerYear / 2 ** (8 * SECRET_BYTES),
    join: triesPerYear / 2 ** (8 * JOIN_BYTES),
  };
}

/** `1 in 67,000`, rounded to two digits; beyond a billion as a power of ten. */
export function oneIn(probability: number): string {
  const odds = 1 / probability;
  const digits = Math.floor(Math.log10(odds));
  if (digits > 9) return `1 in 10^${digits}`;
  const unit = 10 ** Math.max(0, digits - 1);
  return `1 in ${(Math.floor(odds / unit) * unit).toLocaleString("en")}`;
}

const count = (number: number): string => number.toLocaleString("en");
const amount = (name: keyof typeof limitTable): string => amountWords(name, limitTable[name]);

/** The page docs/guessing.md, without its title. */
export function guessingLines(): string[] {
  const g = guessing();
  return [
    "How likely it is that somebody who guesses gets in, or learns anything. The numbers follow from [limits](limits.md), and a test computes them again.",
    "",
    "## Codes of requests",
    "",
    `A code such as \`7F3K-Q2MN\` has 8 characters of 32: ${count(g.codes)} codes. The gateway draws it at random after a request came in, again where it is taken, so no key can be searched for that gets a given code. At most \`pendingRequests\` (${amount("pendingRequests")}) and \`nodeRequests\` (${amount("nodeRequests")}) are out at once, ${count(g.codesOut)} together.`,
    "",
    "| who | can do | and with what luck |",
    "|---|---|---|",
    "| a stranger | name no code: that takes `operator.pairing`, or an approver's SSH key | none |",
    `| a paired device with \`operator.pairing\`, without \`operator.admin\` | name ${count(g.codeTries)} codes a day (\`codeFailures\`, \`codeWindowMs\`, \`codeLockMs\`) | ${oneIn(g.codeNamed)} a day to name one that is out. It is answered as if there were none, and does nothing: the code of another's device never counts for it |`,
    "| `operator.admin`, the shared secret with `operator.pairing`, an approver's SSH key, the owner | read the list | needs none |",
    "",
    "`device.scopes.waitUpgrade` tells a device of its own requests alone, whichever code it names.",
    "",
    "The owner can be wrong too. What a stranger can do is to ask, and to hope that a code is mistyped:",
    "",
    `- A wrong code is that of some stranger's request with ${oneIn(g.mistyped)} where ${amount("pendingRequests")} are out.`,
    `- In the time that a code lives without a retry (\`pendingMs\`, ${amount("pendingMs")}) strangers make ${count(g.askedMeanwhile)} requests at most (\`requestBurst\`, \`requestsPerMinute\`). That one of them ever differs from it in one character has ${oneIn(g.lookalike)}; it must be out at that moment, and that character mistyped in just that way.`,
    "- `openclaw devices approve` says whom it let in, and `openclaw devices show` tells before.",
    "",
    "## Links and setup codes",
    "",
    `The secret of a link, and of a setup code, is ${8 * SECRET_BYTES} random bits. That of a join address (\`/j/…\`) is ${8 * JOIN_BYTES}. One address has ${count(g.linkTries)} wrong tries a day (\`authFailures\`, \`authWindowMs\`, \`authLockMs\`), but that is not what they rest on. With ${count(TRIES_PER_SECOND)} tries a second from any number of addresses, which is more than the gateway answers, and all \`invites\` (${amount("invites")}) open, one is found within a year with`,
    "",
    `- ${oneIn(g.link)} for a link or setup code,`,
    `- ${oneIn(g.join)} for a join address.`,
    "",
    "Whoever names a secret that there never was is told that it is unknown. That one is used up, expired or taken back is told only to whoever has it. They are looked up by their SHA-256, so how long an answer takes tells nothing of a secret.",
  ];
}
