import {
  addressMatcher,
  hostName,
  isLoopbackHost,
  LINK_LOCAL,
  PRIVATE_V4,
  PRIVATE_V6,
} from "../lib/net.ts";
import type { Limits } from "../limits/table.ts";
import type { Invite } from "../pairing/records.ts";
import { openclaw } from "../protocol/command.ts";
import { invalidRequest, type RequestError } from "../protocol/errors.ts";
import { encodeSetupCode } from "../protocol/setup-code.ts";
import { onGateway } from "../protocol/text.ts";
import type { Reach } from "./services.ts";

/** The gateway's address as a setup code carries it. */
export interface SetupUrl {
  /** `wss://gateway.example.com`: no last slash without a path, no query, no fragment. */
  readonly url: string;
  /** Where it was known from, such as `gateway.publicUrl`. */
  readonly source: string;
  /**
   * The way to it is encrypted or does not leave this machine: the code's secret can't be read and
   * used first.
   */
  readonly isPrivate: boolean;
  /** SHA-256 of the certificate to expect there, hex, where no authority vouches for it. */
  readonly pin?: string;
}

/** Networks on which apps take an address without TLS, besides this machine itself. */
const isOwnNetwork = addressMatcher([...PRIVATE_V4, ...PRIVATE_V6, ...LINK_LOCAL]);

/**
 * The address that the caller gave, else the configured one, else the machine's own; or why apps
 * could not use it.
 */
export function setupUrl(
  asked: string | undefined,
  reach: Reach,
  limits: Pick<Limits, "setupUrlChars">,
): SetupUrl | RequestError {
  const found = known(asked, reach);
  if (!found) return addressUnknown();
  const url = found.url.length <= limits.setupUrlChars ? normal(found.url) : undefined;
  if (url === undefined) return addressInvalid(found.source);
  const { protocol, hostname } = new URL(url);
  const isTls = protocol === "wss:";
  const isPrivate = isTls || isLoopbackHost(hostname);
  const host = hostName(hostname);
  if (!isPrivate && !host.endsWith(".local") && !isOwnNetwork(host)) return addressInClear(url);
  const { pin } = found;
  return { url, source: found.source, isPrivate, ...(pin !== undefined && isTls && { pin }) };
}

/** The code that leads there with the secret of a one-time link. */
export function setupCodeOf(
  { url, pin }: SetupUrl,
  { secret, invite }: { readonly secret: string; readonly invite: Pick<Invite, "expiresAtMs"> },
): string {
  const { expiresAtMs } = invite;
  const payload = { url, bootstrapToken: secret, expiresAtMs };
  return encodeSetupCode({ ...payload, ...(pin !== undefined && { tlsFingerprint: pin }) });
}

interface Known {
  readonly url: string;
  readonly source: string;
  readonly pin?: string | undefined;
}

function known(asked: string | undefined, { publicUrl, publicPin, own }: Reach): Known | undefined {
  if (asked !== undefined) return { url: asked, source: "request.publicUrl" };
  if (publicUrl === undefined) return own;
  return { url: publicUrl, source: "gateway.publicUrl", pin: publicPin };
}

/** The form that OpenClaw's clients insist on. */
function normal(text: string): string | undefined {
  const socket = text.trim().replace(/^http(?=s?:\/\/)/i, "ws");
  if (!/^wss?:\/\//i.test(socket) || !URL.canParse(socket)) return undefined;
  const { protocol, host, pathname, username, password } = new URL(socket);
  if (host === "" || username !== "" || password !== "") return undefined;
  return `${protocol}//${host}${pathname === "/" ? "" : pathname}`;
}

const NEXT = onGateway(openclaw`config set gateway.publicUrl https://gateway.example.com`);

/** The error where only this machine is known to reach the gateway. */
export function addressUnknown(): RequestError {
  const message =
    "no address of this gateway is known that another machine can reach: set gateway.publicUrl to its https:// address";
  return invalidRequest(message, { code: "SETUP_ADDRESS_UNKNOWN", next: NEXT });
}

/** Apps refuse to dial `url`: on the way to it the secret could be read and used first. */
export function addressInClear(url: string): RequestError {
  const message = `${url} is no address for a setup code: apps take ws:// on private networks alone, and wss:// from everywhere`;
  return invalidRequest(message, { code: "SETUP_ADDRESS_IN_CLEAR", next: NEXT });
}

/** `source`: where it was given. */
export function addressInvalid(source: string): RequestError {
  const message = `${source} is no address of a gateway: expected such as https://gateway.example.com`;
  return invalidRequest(message, { code: "SETUP_ADDRESS_INVALID", next: NEXT });
}
