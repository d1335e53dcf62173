/** What each page says. A page is its title, its first paragraph and the rest. */
import { countdown } from "./clock.ts";
import { commandLine } from "./copy.ts";
import { button, type Child, h } from "./dom.ts";
import type { Advice, Peer, Press, State, Trouble, View } from "./model.ts";
import { names } from "./names-loader.ts";
import { KEY_TRIES } from "./steps.ts";

export type Page = [title: string, lede: string, ...rest: Child[]];

/** What a device may do; `had` was approved earlier and is told apart from what is new. */
function scopeList(scopes: string[], had: string[], offered: string[]): HTMLElement {
  const rows = names?.rights(scopes, had, offered) ?? [];
  return h("ul#scopes", ...rows.map(([words, mark]) => h("li", words, !!mark && h("small", mark))));
}

function peerRow({ name, about, isSelf }: Peer): HTMLElement {
  return h("li", name, isSelf && h("small", "this browser"), h("span", about));
}

export function invited({ gateway }: State, press: Press): Page {
  return [
    "Pair this browser",
    `Your invite link lets it use ${gateway.name || "this gateway"}. The link works once.`,
    button("primary", "Pair this browser", () => press("pair")),
  ];
}

export function waiting({ request, live }: View & { at: "waiting" }): Page {
  const { id, command, ssh, expiresAt, scopes, approved, offered } = request;
  return [
    approved[0] ? "Approve more access" : "Approve this browser",
    "The gateway’s owner runs one command. Then this page goes on by itself.",
    h("p#request", "Request code", h("strong#code", id)),
    commandLine("host", "On the gateway’s machine", command),
    ssh && commandLine("ssh", "From another computer", ssh),
    h(
      "p#wait",
      live ? "Waiting for approval. " : "Reconnecting; the code stays valid. ",
      expiresAt > 0 && countdown("expires", expiresAt, ["Expires in ", "Time is up."]),
    ),
    h("h2", "After approval, as operator, it can"),
    scopeList(scopes, approved, offered),
  ];
}

/** A link may give more than this browser has, which the gateway alone knows. */
function offer(press: Press): Child[] {
  return [
    h("h2", "Your invite link"),
    h("p#offer", "It may let this browser do more. It is used up only if it does."),
    button("primary", "Use the link", () => press("pair")),
  ];
}

export function ready(state: State, { session }: View & { at: "ready" }, press: Press): Page {
  const { scopes, peers, role } = session;
  return [
    "Connected",
    `You are here as ${state.thisDevice.name} (${role}).`,
    h("h2", "This browser can"),
    scopeList(scopes[0] ? scopes : ["nothing yet"], [], []),
    ...(state.invite ? offer(press) : []),
    h("h2", "Connected now"),
    h("ul#peers", ...peers.map(peerRow)),
  ];
}

function explained({ gateway }: State, { title, text, command }: Trouble, ...rest: Child[]): Page {
  // What the page says by itself; what the gateway said is called by its name already.
  const ours = gateway.command || "openclaw";
  const typed = command && (command.startsWith("openclaw ") ? ours + command.slice(8) : command);
  return [
    title,
    text,
    typed ? commandLine("next", "On the gateway’s machine", typed) : false,
    ...rest,
  ];
}

/** What a person can do about a key that stays away; the page itself never gives it up. */
function anew(press: Press): Child[] {
  return [
    h("h2", "If it stays away"),
    h("p", "Pair this browser anew: the owner approves it once more."),
    button("anew", "Pair it anew", () => press("anew")),
  ];
}

/** Mends itself. */
export function lost(state: State, view: View & { at: "lost" }, press: Press): Page {
  const { retryAt, thisDevice, grant, attempt } = state;
  const isKeyAway = !thisDevice.id && grant && attempt >= KEY_TRIES;
  return explained(
    state,
    view.trouble,
    h("p#wait", countdown("retry-at", retryAt, ["Next try in ", "Trying now…"])),
    // Where the gateway named the time, an earlier try would only be refused again.
    !view.held && button("primary", "Try now", () => press("retry")),
    ...(isKeyAway ? anew(press) : []),
  );
}

/** Needs a person. */
export function stopped(state: State, advice: Advice, press: Press): Page {
  return explained(
    state,
    advice,
    button("primary", advice.label, () => press(advice.action)),
  );
}
