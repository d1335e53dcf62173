/** The answer to `connect`: in, wait, or a reason why not. */
import type { Grant, State } from "./model.ts";
import { count, type Fields, fields, gatewayOf, peersOf, requestOf } from "./parse.ts";
import { ADMIN } from "./shared.ts";
import { begin, later, SETUP_MS, stop } from "./steps.ts";
import { clean, cleanList } from "./text.ts";
import { closure, LOCKED, NOT_READY } from "./words.ts";

const DEFAULT_TICK_MS = 30_000;

/** hello-ok: keeps what was granted and shows the connected page. */
export function accepted(state: State, hello: Fields): State {
  const auth = fields(hello["auth"]);
  const scopes = cleanList(auth["scopes"]);
  const token = clean(auth["deviceToken"], 512);
  const session = {
    role: clean(auth["role"]),
    scopes,
    peers: peersOf(fields(hello["snapshot"])["presence"], state.thisDevice.id),
  };
  const by = clean(fields(hello["server"])["fingerprint"]);
  const granted = { token, scopes, id: state.thisDevice.id, ...(by && { by }) };
  return {
    ...state,
    view: { at: "ready", session },
    notice: welcome(state, auth["method"] === "bootstrap-token"),
    gateway: gatewayOf(hello["server"], state.gateway),
    grant: token ? granted : state.grant,
    aside: token ? asideOf(state, by) : state.aside,
    // One that may give more is offered; nothing adds to full control.
    invite: state.spend || scopes.includes(ADMIN) ? undefined : state.invite,
    spend: false,
    attempt: 0,
    restartMs: 0,
    patience: 2 * (count(fields(hello["policy"])["tickIntervalMs"]) || DEFAULT_TICK_MS),
  };
}

function welcome({ spend, invite, grant, view }: State, isUsed: boolean): string {
  const isUnused = "The invite link is still unused.";
  if (spend && grant) {
    const outcome = `The link gives nothing that this browser does not have. ${isUnused}`;
    return isUsed ? "The link was used: this browser can do more now." : outcome;
  }
  if (spend || view.at === "waiting")
    return "Approved: this browser is paired. Nothing more to do.";
  return invite ? `This browser was paired already. ${isUnused}` : "";
}

/** As many gateways as one address may have had. */
const ASIDE = 4;

/**
 * What another gateway granted is kept aside while this one answers at its address, and is used again once
 * that one answers: a machine was installed anew, or a second gateway was started by mistake.
 */
function answeredBy(fingerprint: string, code: string, state: State): State | undefined {
  const { grant, aside } = state;
  const isForeign = grant?.by !== undefined && grant.by !== fingerprint;
  const isRefused = grant ? code === "AUTH_DEVICE_TOKEN_MISMATCH" : code === "PAIRING_REQUIRED";
  const kept = aside.find(({ by }) => by === fingerprint);
  if (!fingerprint || !isRefused || !(grant ? isForeign : kept)) return undefined;
  const notice =
    "Another gateway answers at this address than the one that approved this browser. That approval is kept.";
  return {
    ...state,
    grant: kept,
    aside: asideOf(state, fingerprint),
    notice: kept ? "" : notice,
  };
}

/** What is kept for other gateways than the one that answers now. */
function asideOf({ grant, aside }: State, fingerprint: string): Grant[] {
  const all = grant?.by ? [...aside.filter(({ by }) => by !== grant.by), grant] : aside;
  return all.filter(({ by }) => by !== fingerprint).slice(-ASIDE);
}

export function refused(state: State, error: Fields, now: number): State {
  const details = fields(error["details"]);
  const code = clean(details["code"]);
  const earlier = answeredBy(clean(details["fingerprint"]), code, state);
  if (earlier) return begin(earlier);
  if (state.grant && /^AUTH_(DEVICE_TOKEN|SCOPE)_MISMATCH$/.test(code)) {
    const why = code[5] === "S" ? "does not cover what it asked for" : "is no longer valid";
    return begin({
      ...state,
      grant: undefined,
      notice: `This browser’s earlier approval ${why}, so it needs a new one.`,
    });
  }
  const request = requestOf(details, state);
  if (code === "PAIRING_REQUIRED" && request) {
    const live = details["waiting"] === true;
    return {
      ...state,
      view: { at: "waiting", request, live },
      gateway: gatewayOf(details, state.gateway),
      attempt: live ? 0 : state.attempt,
      // A gateway that does not keep the socket closes it now, and we come back by ourselves.
      patience: live ? 0 : SETUP_MS,
    };
  }
  const message = clean(error["message"], 240);
  const wait = count(error["retryAfterMs"]);
  // Other people's wrong links must not keep a browser out that can do without its own.
  const hasAccess = state.spend && state.grant !== undefined;
  const passes = hasAccess && code === "AUTH_RATE_LIMITED";
  if (!passes && (wait || error["retryable"] === true)) {
    const why = code === "AUTH_RATE_LIMITED" ? LOCKED : NOT_READY;
    const trouble = closure(why, message, state.attempt);
    return later({ ...state, restartMs: wait }, { at: "lost", trouble, held: true }, now);
  }
  const next = details["next"];
  const isRole = state.spend && code === "INVALID_ROLE";
  if (!isRole && code !== "AUTH_BOOTSTRAP_TOKEN_INVALID") {
    return stop(state, code, [message, next, hasAccess]);
  }
  const problem = isRole ? "role" : clean(details["reason"]);
  return stop({ ...state, invite: undefined }, `invite-${problem}`, ["", next, hasAccess]);
}
