import { BlockList, isIP, isIPv4 } from "node:net";

/**
 * One canonical text for an IP address: IPv4-mapped IPv6 becomes IPv4, zone ids go, IPv6 is written
 * as eight lower-case groups without leading zeros. `undefined` for anything that is no address.
 */
export function normalizeAddress(text: string): string | undefined {
  if (isIPv4(text)) return text;
  const bare = text
    .trim()
    .toLowerCase()
    .replace(/^\[|\]$/g, "")
    .replace(/%.*$/, "");
  const kind = isIP(bare);
  if (kind === 4) return bare;
  if (kind !== 6) return undefined;
  const groups = expandV6(bare);
  if (groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff) {
    const [high = 0, low = 0] = groups.slice(6);
    return [high >> 8, high & 255, low >> 8, low & 255].join(".");
  }
  return groups.map((group) => group.toString(16)).join(":");
}

function expandV6(text: string): number[] {
  const v4 = /(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(text);
  const plain = v4
    ? text.slice(0, v4.index) +
      [1, 3].map((i) => ((Number(v4[i]) << 8) | Number(v4[i + 1])).toString(16)).join(":")
    : text;
  const [head = "", tail] = plain.split("::");
  const parse = (part: string) => (part === "" ? [] : part.split(":").map((g) => parseInt(g, 16)));
  const left = parse(head);
  const right = tail === undefined ? [] : parse(tail);
  return [...left, ...new Array(8 - left.length - right.length).fill(0), ...right];
}

/**
 * What counts as one source in limits: an IPv4 address itself, an IPv6 address's /64 because one
 * subscriber owns all of it.
 */
export function sourceKey(address: string): string {
  const normal = normalizeAddress(address);
  if (normal === undefined) return address === "" ? "unknown" : address;
  if (!normal.includes(":") || isLoopback(normal)) return normal;
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
  return normal.startsWith("127.") || normal === "0:0:0:0:0:0:0:1";
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
  const list = new BlockList();
  for (const cidr of cidrs) {
    const [network = "", bits] = cidr.split("/");
    const normal = normalizeAddress(network);
    // `10.0.0.0/` must not count as `/0`, which is all addresses.
    const isBlock = bits === undefined || /^\d{1,3}$/.test(bits);
    if (normal === undefined || !isBlock) throw new Error(`not an address or CIDR block: ${cidr}`);
    const family = normal.includes(":") ? "ipv6" : "ipv4";
    if (bits === undefined) list.addAddress(normal, family);
    else list.addSubnet(normal, Number(bits), family);
  }
  if (cidrs.length === 0) return () => false;
  return (address) => {
    const normal = normalizeAddress(address);
    if (normal === undefined) return false;
    return list.check(normal, normal.includes(":") ? "ipv6" : "ipv4");
  };
}

/**
 * An address or CIDR block in the one form that sshd takes in `from=`: no bits set behind the mask.
 * `undefined` for anything else.
 */
export function canonicalNetwork(text: string): string | undefined {
  const [address = "", bits, ...rest] = text.trim().split("/");
  const normal = address.includes("%") ? undefined : normalizeAddress(address);
  if (normal === undefined || rest.length > 0) return undefined;
  if (bits === undefined) return normal;
  const isV6 = normal.includes(":");
  const size = isV6 ? 16 : 8;
  const parts = isV6
    ? normal.split(":").map((group) => Number.parseInt(group, 16))
    : normal.split(".").map(Number);
  const kept = Number(bits);
  if (!/^\d{1,3}$/.test(bits) || kept > parts.length * size) return undefined;
  const masked = parts.map((part, i) => {
    const own = Math.min(Math.max(kept - i * size, 0), size);
    return part & ~(2 ** (size - own) - 1);
  });
  const network = isV6 ? masked.map((part) => part.toString(16)).join(":") : masked.join(".");
  return `${network}/${kept}`;
}
