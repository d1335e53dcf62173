import {
  addressBytes,
  addressMatcher,
  LINK_LOCAL,
  normalizeAddress,
  PRIVATE_V4,
  PRIVATE_V6,
} from "./net.ts";

/** Whether this program may connect to an address. `never`: no setting can allow it. */
export type EgressVerdict =
  | { readonly ok: true }
  | { readonly ok: false; readonly never: boolean; readonly what: string };

/** Where this program may connect to, besides what is public. */
export interface EgressPolicy {
  /** Addresses and networks that are allowed although they are not public. */
  readonly allowed: readonly string[];
  /** Judges one address; text that is no address is refused. */
  judge(address: string): EgressVerdict;
}

/** A connection that must not be made. */
export class EgressRefused extends Error {
  override readonly name = "EgressRefused";
  readonly code = "EGRESS_REFUSED";

  constructor(
    readonly address: string,
    readonly what: string,
    /** True where no setting can allow the address. */
    readonly never: boolean,
  ) {
    super(`${address} is ${what}`);
  }
}

type Kind = readonly [what: string, networks: readonly string[]];

/**
 * Addresses at which clouds hand credentials to any program on the machine. Most use
 * 169.254.169.254, which is link-local besides. Each is named by its provider's documentation or
 * programs.
 */
const metadata: readonly string[] = [
  // AWS, Azure, Google, OpenStack, Oracle, DigitalOcean, Hetzner, Akamai and others.
  "169.254.169.254",
  // AWS: credentials of ECS tasks, and of pods (EKS Pod Identity).
  "169.254.170.2",
  "169.254.170.23",
  // AWS over IPv6: all of its services are in here, IMDS at ::254, EKS Pod Identity at ::23.
  "fd00:ec2::/32",
  // Google over IPv6 (metadata server of IPv6-only machines).
  "fd20:ce::254",
  // Azure WireServer.
  "168.63.129.16",
  // Alibaba, and over IPv6 (cloud-init's data source).
  "100.100.100.200",
  "fd00:100::100:200",
  // Oracle Cloud at Customer; Oracle Cloud over IPv6 (OCI SDK).
  "192.0.0.192",
  "fd00:c1::a9fe:a9fe",
  // Scaleway (cloud-init's data source).
  "169.254.42.42",
  "fd00:42::42",
  // Akamai, once Linode, over IPv6 (cloud-init's data source).
  "fd00:a9fe:a9fe::1",
];

const never: readonly Kind[] = [
  ["a cloud's metadata service", metadata],
  ["a link-local address", LINK_LOCAL],
  ["no address of one machine", ["0.0.0.0/8", "::/128", "224.0.0.0/4", "240.0.0.0/4", "ff00::/8"]],
];

const onRequest: readonly Kind[] = [
  ["this machine", ["127.0.0.0/8", "::1"]],
  // Besides those of a house: a provider's own (RFC 6598), and what came before RFC 4193.
  ["in a private network", [...PRIVATE_V4, ...PRIVATE_V6, "100.64.0.0/10", "fec0::/10"]],
  [
    "in a network for special use",
    // Among them tunnels, whose other end can't be told from the address.
    ["192.0.0.0/24", "198.18.0.0/15", "64:ff9b:1::/48", "2001::/32"],
  ],
];

type Matched = readonly [what: string, matches: (address: string) => boolean];

const matched = (kinds: readonly Kind[]): Matched[] =>
  kinds.map(([what, networks]) => [what, addressMatcher(networks)]);

/** The policy that allows `allowed` (addresses or networks). @throws on anything else */
export function egressPolicy(allowed: readonly string[]): EgressPolicy {
  const isAllowed = addressMatcher(allowed);
  const [refused, asked] = [matched(never), matched(onRequest)];
  const judge = (address: string): EgressVerdict => {
    const normal = normalizeAddress(address);
    if (normal === undefined) return { ok: false, never: true, what: "no IP address" };
    const reached = [normal, ...embedded(normal)];
    const isIn = ([, matches]: Matched) => reached.some(matches);
    const forbidden = refused.find(isIn);
    if (forbidden) return { ok: false, never: true, what: forbidden[0] };
    const closed = asked.find(isIn);
    if (!closed || reached.some(isAllowed)) return { ok: true };
    return { ok: false, never: false, what: closed[0] };
  };
  return { allowed, judge };
}

/** In these the last 32 bits are an IPv4 address: NAT64, and two old ways. */
const endsInV4 = addressMatcher(["64:ff9b::/96", "::ffff:0:0:0/96", "::/96"]);
/** 6to4: the address follows the first 16 bits. */
const isSixToFour = addressMatcher(["2002::/16"]);
/** `::` and `::1` hold no IPv4 address. */
const isOwn = addressMatcher(["::/127"]);

/** The IPv4 address that a router reaches by an IPv6 address. */
function embedded(address: string): string[] {
  if (!address.includes(":")) return [];
  const bytes = addressBytes(address);
  if (endsInV4(address) && !isOwn(address)) return [bytes.slice(12).join(".")];
  return isSixToFour(address) ? [bytes.slice(2, 6).join(".")] : [];
}
