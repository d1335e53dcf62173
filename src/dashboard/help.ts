/**
 * The help chunk: every refusal in plain words, with what to do next. A page that gets in never
 * loads it; one that is refused has a gateway at hand to load it from.
 */
import type { ConnectErrorDetailCodes } from "@openclaw/gateway-protocol/connect-error-details";
import type { Advice, Cause } from "./model.ts";
import {
  type Command,
  commandOnGateway,
  commandText,
  openclaw,
  plainText,
  readText,
} from "./shared.ts";
import { clean } from "./text.ts";

type Code = keyof typeof ConnectErrorDetailCodes;
type Words = readonly [title: string, text: string];

const INVITE = commandText(openclaw`devices invite`);
const CHECK = commandText(openclaw`doctor`);
/** A setting that is a list. */
const ORIGINS = "gateway.controlUi.allowedOrigins";

const NEEDS_INVITE: Advice = {
  title: "This gateway admits invited devices only",
  text: "Ask the owner for an invite link and open it in this browser. The owner makes one with:",
  command: INVITE,
  label: "Try again",
  action: "retry",
};
const OUTDATED: Advice = {
  title: "The gateway was updated",
  text: "This page is from before the update. Reload to get the one that fits.",
  label: "Reload the page",
  action: "reload",
};

/** One device waits on one connection, and its newest tab has it. */
const ELSEWHERE: Advice = {
  title: "Another tab is asking",
  text: "This browser waits for approval there. Once it is approved, or that tab is closed, this one goes on.",
  label: "Go on here",
  action: "ask",
};

const REFUSALS: { readonly [code in Code]?: Advice } = {
  AUTH_REQUIRED: NEEDS_INVITE,
  AUTH_TOKEN_MISSING: NEEDS_INVITE,
  AUTH_PASSWORD_MISSING: NEEDS_INVITE,
  PAIRING_REQUIRED: NEEDS_INVITE,
  PROTOCOL_MISMATCH: OUTDATED,
  CLIENT_VERSION_MISMATCH: OUTDATED,
  CONTROL_UI_BUILD_MISMATCH: OUTDATED,
};

/** How an invite link ended, by the cause in the refusal. A device needs a new link then. */
const INVITES: Readonly<Record<string, Words>> = {
  "invite-used-by-another-device": [
    "This link was already used",
    "A link works once, and another device used this one. If that was not you, tell the owner.",
  ],
  "invite-expired": ["This link has expired", "Invite links are valid for a short time only."],
  "invite-revoked": ["This link was revoked", "The owner ended it."],
  "invite-role": ["This link is for a node", "It pairs a machine that runs commands, no browser."],
};

/** How a request or a pairing ended, by the cause in the refusal. Asking again is free. */
const OUTCOMES: Readonly<Record<string, Words>> = {
  rejected: [
    "The owner rejected this request",
    "If that was a mistake, ask again: this page then shows a new code for the owner.",
  ],
  expired: ["The request expired", "Nobody answered in time. Asking again makes a new code."],
  superseded: [
    "A newer request took over",
    "This browser asked again, or opened a link, perhaps in another tab. Only the newest code counts.",
  ],
  removed: [
    "This browser was removed",
    "The gateway’s owner ended its access. You can ask for it again.",
  ],
};

/** Keys come from the wire: what every object inherits is not an entry. */
function lookUp<T>(table: Readonly<Record<string, T>>, key: string): T | undefined {
  return Object.hasOwn(table, key) ? table[key] : undefined;
}

/** A command as people must type it on the gateway's machine, what is left open in it being `origin`. */
function typed(command: Command, origin: string): string {
  const open = command.words.includes(ORIGINS) ? JSON.stringify([origin]) : origin;
  const words = command.words.map((word) => (typeof word === "string" ? word : open));
  return clean(commandText({ ...command, words }), 300);
}

/** What to show for `cause` on a page at `origin`. */
export function advise(cause: Cause, origin: string): Advice {
  const advice = adviceOn(cause, origin);
  if (!cause.hasAccess) return advice;
  return { ...advice, label: "Go on without the link", action: "ask" };
}

function adviceOn({ code, message, next }: Cause, origin: string): Advice {
  const ended = lookUp(OUTCOMES, code);
  if (ended) return { title: ended[0], text: ended[1], label: "Ask again", action: "ask" };
  const known = lookUp(REFUSALS as Readonly<Record<string, Advice>>, code);
  const cure = readText(next);
  const only = cure && commandOnGateway(cure);
  const command = only && typed(only, origin);
  if (known) return known.command && command ? { ...known, command } : known;
  if (code.startsWith("invite-")) return spent(code, command);
  const said = message ? `The gateway said: ${message}.` : "The gateway gave no reason.";
  switch (code) {
    case "CONTROL_UI_ORIGIN_NOT_ALLOWED":
      return {
        title: "This address is not allowed yet",
        text: "The gateway does not expect visitors at the address that this page has. The owner allows it with:",
        command: command ?? typed(openclaw`config set gateway.publicUrl ${origin}`, origin),
        label: "Try again",
        action: "retry",
      };
    case "elsewhere":
      return ELSEWHERE;
    case "closed":
      return {
        title: "The request ended",
        text: `${said} You can ask again.`,
        label: "Ask again",
        action: "ask",
      };
    case "no-key":
      return {
        title: "This browser can’t be paired",
        text: `It could not make the key that identifies it. Try a current browser. (${message})`,
        label: "Reload the page",
        action: "reload",
      };
  }
  const title = code.startsWith("DEVICE_")
    ? "This browser’s key was not accepted"
    : "The gateway said no";
  const again = { title, label: "Try again", action: "retry" } as const;
  if (cure && !command) {
    return { ...again, text: `${said} What helps: ${clean(plainText(cure), 300)}.` };
  }
  const then = command ? "What helps:" : "The owner finds the cause with:";
  return { ...again, text: `${said} ${then}`, command: command ?? CHECK };
}

function spent(code: string, command = INVITE): Advice {
  const [title, why] = lookUp(INVITES, code) ?? [
    "This link is not valid",
    "The gateway does not know it. It may have been copied only in part.",
  ];
  const text = `${why} Ask the owner for a new link, made with:`;
  return { title, text, command, label: "Ask without a link", action: "ask" };
}
