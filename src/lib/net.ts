import { isIP, isIPv4 } from "node:net";
import ipaddr from "ipaddr.js";

/** The addresses that stand for IPv4 ones in IPv6 (RFC 4291). */
const MAPPED: IpRange = [ipaddr.IPv6.parse("::ffff:0:0"), 96];
const ALL_V4: IpRange = [ipaddr.IPv4.parse("0.0.0.0"), 0];

/** `::1` as it is written here. */
const LOOPBACK_V6 = "0:0:0:0:0:0:0:1";

type IpAddress = ipaddr.IPv4 | ipaddr.IPv6;
type IpRange = [network: IpAddress, bits: number];

/**
 * One canonical text for an IP address: IPv4-mapped IPv6 becomes IPv4, zone ids go, IPv6 is written
 * as eight lower-case groups without leading zeros. `undefined` for anything that is no address.
 */
export function normalizeAddress(text: string): string | undefined {
  // IPv4, which most clients have, is written so already.
  return isIPv4(text) ? text : parse(text)?.toNormalizedString();
}

/** The bytes of an address: four, or sixteen; none of what is no address. */
export function addressBytes(text: string): number[] {
  return parse(text)?.toByteArray() ?? [];
}

function parse(text: string): IpAddress | undefined {
  const bare = text
    .trim()
    .replace(/^\[|\]$/g, "")
    .replace(/%.*$/, "");
  // The package itself takes octal, hexadecimal and shortened numbers too.
  const kind = isIP(bare);
  if (kind === 4) return ipaddr.IPv4.parse(bare);
  if (kind !== 6) return undefined;
  // It takes `::192.0.2.1` for `::ffff:192.0.2.1`, which is another address.
  const address = ipaddr.IPv6.parse(bare.replace(/^::(?=\d+\.)/, "0::"));
  return address.match(MAPPED) ? address.toIPv4Address() : address;
}

/**
 * What counts as one source in limits: an IPv4 address itself, an IPv6 address's /64 because one
 * subscriber owns all of it.
 */
export function sourceKey(address: string): string {
  const normal = normalizeAddress(address);
  if (normal === undefined) return address === "" ? "unknown" : address;
  if (!normal.includes(":") || normal === LOOPBACK_V6) return normal;
  return `${normal.split(":").slice(0, 4).join(":")}::/64`;
}

/**
 * The network that a source, as {@link sourceKey} writes it, is likely to share with others of the same
 * owner: the /24 of an IPv4 address, the /48 of an IPv6 address.
 */
export function prefixKey(source: string): string {
  if (source.endsWith("::/64")) return `${source.split(":", 3).join(":")}::/48`;
  const end = isIPv4(source) ? source.lastIndexOf(".") : -1;
  return end < 0 ? source : `${source.slice(0, end)}.0/24`;
}

export function isLoopback(address: string): boolean {
  const normal = normalizeAddress(address);
  if (normal === undefined) return false;
  return normal.startsWith("127.") || normal === LOOPBACK_V6;
}

/** Whether a `Host` value (name or address, port allowed) names this very machine. */
export function isLoopbackHost(host: string): boolean {
  const name = hostName(host);
  return name === "localhost" || name.endsWith(".localhost") || isLoopback(name);
}

/** The host of a `Host` header without its port and brackets, in lower case. */
export function hostName(host: string): string {
  const text = host.trim().toLowerCase();
  if (text.startsWith("["))
    return text.slice(1, text.indexOf("]") < 0 ? undefined : text.indexOf("]"));
  return text.replace(/:\d+$/, "");
}

/** IPv4 networks of a house or a company, not routed on the internet (RFC 1918). */
export const PRIVATE_V4: readonly string[] = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"];
/** IPv6 networks of a house or a company, not routed on the internet (RFC 4193). */
export const PRIVATE_V6: readonly string[] = ["fc00::/7"];
/** One cable or radio (RFC 3927, RFC 4291). */
export const LINK_LOCAL: readonly string[] = ["169.254.0.0/16", "fe80::/10"];

/**
 * A test for membership in `cidrs` (addresses or CIDR blocks).
 * @throws Error for an entry that is neither
 */
export function addressMatcher(cidrs: readonly string[]): (address: string) => boolean {
  const listed = cidrs.flatMap((cidr) => {
    const network = readNetwork(cidr);
    if (!network) throw new Error(`not an address or CIDR block: ${cidr}`);
    const range: IpRange = [network.address, network.bits ?? size(network.address)];
    // What holds all mapped addresses, such as `::/0`, holds those of IPv4.
    return holdsMapped(range) ? [range, ALL_V4] : [range];
  });
  // Most gateways trust no proxy, and ask at every connect.
  if (listed.length === 0) return () => false;
  return (text) => {
    const address = parse(text);
    return address !== undefined && ipaddr.subnetMatch(address, { listed }) === "listed";
  };
}

/**
 * An address or CIDR block in the one form that sshd takes in `from=`: no bits set behind the mask.
 * `undefined` for anything else.
 */
export function canonicalNetwork(text: string): string | undefined {
  const network = readNetwork(text);
  if (!network) return undefined;
  const { address, bits } = network;
  const written = address.toNormalizedString();
  if (bits === undefined) return written;
  const family = address.kind() === "ipv4" ? ipaddr.IPv4 : ipaddr.IPv6;
  return `${family.networkAddressFromCIDR(`${written}/${bits}`).toNormalizedString()}/${bits}`;
}

/** A block of mapped addresses counts as one of IPv4, its bits too. */
function readNetwork(text: string): { address: IpAddress; bits: number | undefined } | undefined {
  const [written = "", bits, ...rest] = text.trim().split("/");
  const address = written.includes("%") ? undefined : parse(written);
  if (!address || rest.length > 0) return undefined;
  if (bits === undefined) return { address, bits };
  // `10.0.0.0/` must not count as `/0`, which is all addresses.
  const fits = /^\d{1,3}$/.test(bits) && Number(bits) <= size(address);
  return fits ? { address, bits: Number(bits) } : undefined;
}

function size(address: IpAddress): number {
  return address.kind() === "ipv4" ? 32 : 128;
}

function holdsMapped([network, bits]: IpRange): boolean {
  const [mapped, most] = MAPPED;
  return network.kind() === "ipv6" && bits <= most && mapped.match(network, bits);
}
