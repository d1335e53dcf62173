/** What the one button of a page that can't go on by itself does. */
export type Action = "ask" | "retry" | "reload";
export type Button = "pair" | "anew" | Action;
export type Press = (button: Button) => void;

/** What went wrong, why, and what to type next, in words for people who run no servers. */
export interface Trouble {
  title: string;
  text: string;
  /** For the gateway's machine, as it is typed. */
  command?: string | false;
}

/** Trouble that needs a person, and what their button does. */
export interface Advice extends Trouble {
  label: string;
  action: Action;
}

/** Why a page stopped: help.ts turns it into advice. */
export interface Cause {
  /** An error code of the wire, or one that help.ts lists beside them. */
  code: string;
  /** The gateway's own words, cleaned. */
  message: string;
  /** What the gateway says helps, as it came: help.ts reads it. */
  next?: unknown;
  /** A link failed in a browser that is paired: it can do without. */
  hasAccess?: boolean;
}

/** The gateway, as far as it has told. */
export interface Gateway {
  name: string;
  release: string;
  fingerprint: string;
  /** How its command line is called where it runs; "" for `openclaw`. */
  command: string;
}

/** A request for pairing that the owner has not answered yet. */
export interface PairRequest {
  id: string;
  command: string;
  ssh: string;
  /** By this browser's clock; 0 when the gateway gave no time. */
  expiresAt: number;
  scopes: string[];
  /** What an earlier approval already covers; empty for a new device. */
  approved: string[];
  /** What the owner is asked about besides, and may leave out. */
  offered: string[];
  /** What the owner is shown of this browser beside its name: kind and address. */
  asker: string;
}

export interface Peer {
  name: string;
  about: string;
  isSelf: boolean;
}

export interface Session {
  role: string;
  scopes: string[];
  peers: Peer[];
}

export type View =
  | { at: "connecting" }
  /** Holds an invite link, and waits for the press that spends it. */
  | { at: "invited" }
  /** `live`: the socket is up, so an approval arrives at once. */
  | { at: "waiting"; request: PairRequest; live: boolean }
  | { at: "ready"; session: Session }
  /** Tries again by itself; `held` when the gateway named the time. */
  | { at: "lost"; trouble: Trouble; held: boolean }
  | { at: "stopped"; cause: Cause };

/** What hello-ok granted; the token counts only together with the device key. */
export interface Grant {
  token: string;
  scopes: string[];
  /** Of the key that it was granted to; missing in those that were stored before it was noted. */
  id?: string;
  /** Fingerprint of the gateway that granted it; missing in those that were stored before it was noted. */
  by?: string;
}

export interface Device {
  /** Empty while the key is not read. */
  id: string;
  name: string;
  /** False when the browser stores nothing: the key is gone with this tab. */
  kept: boolean;
}

/** The second half are wishes: effects.ts turns their changes into deeds. */
export interface State {
  view: View;
  /** One line about how we got here, or "". */
  notice: string;
  /** Where ssh would reach the gateway's machine: the name in the address bar, or "". */
  host: string;
  thisDevice: Device;
  gateway: Gateway;
  /** The person pressed the button that spends the invite. */
  spend: boolean;
  /** Failed attempts in a row. */
  attempt: number;
  /** Gateway clock minus ours, ms. */
  skew: number;
  /** Announced by `shutdown`: ms until the gateway is back. */
  restartMs: number;

  grant: Grant | undefined;
  /** Of other gateways that answered at this address before; the newest last. */
  aside: readonly Grant[];
  invite: string | undefined;
  /** Sockets asked for so far. */
  dials: number;
  /** Challenges answered so far; answers to older connects are ignored. */
  calls: number;
  challenge: Challenge;
  /** When to dial again (ms, this browser's clock); 0 for never. */
  retryAt: number;
  /** A socket that says nothing for so many ms is dead; 0 while it may be quiet. */
  patience: number;
}

export type Event =
  | { on: "identity"; thisDevice: Device }
  /** The key can't be read, or not be made. */
  | { on: "broken"; message: string }
  /** Nothing that is granted from now on can be stored. */
  | { on: "unkept" }
  /** Another tab stored `grant`, or the one that this tab stepped back for is gone. */
  | { on: "tabs"; grant: Grant | undefined }
  | { on: "gateway"; info: unknown }
  /** `grant` is what storage holds now: another tab may have been paired meanwhile. */
  | { on: "press"; button: Button; grant: Grant | undefined }
  | { on: "frame"; frame: unknown }
  /** The socket ended; code 4000 when we gave it up because nothing came. */
  | { on: "closed"; code: number; reason: string }
  | { on: "retry" }
  /** The network or the tab is back; `quietMs` since the last frame. */
  | { on: "wake"; quietMs: number };

export interface Identity {
  /** Lowercase hex SHA-256 of the raw public key. */
  id: string;
  /** Base64url, no padding. */
  publicKey: string;
  /** False when nothing can be stored: the key is gone with this tab. */
  kept: boolean;
  sign(text: string): Promise<string>;
}

export interface Challenge {
  nonce: string;
  ts: number;
}
