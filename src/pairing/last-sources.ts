import { sourceKey } from "../lib/net.ts";
import type { Device } from "./records.ts";
import { lastSign } from "./search.ts";

/**
 * The sources (`sourceKey` of net.ts) from which paired devices came when they asked or opened their link:
 * at most so many, those of the devices seen last, the latest last. Who was revoked counts no more. Pure.
 */
export function lastSources(devices: Iterable<Device>, most: number): string[] {
  const seen = new Map<string, number>();
  for (const device of devices) {
    const { remoteIp } = device;
    if (remoteIp === undefined || !isPaired(device)) continue;
    seen.set(remoteIp, Math.max(lastSign(device), seen.get(remoteIp) ?? Number.NEGATIVE_INFINITY));
  }
  // Of very many only the latest are put in order: a start waits for this.
  const times = Float64Array.from(seen.values()).sort();
  const floor = times[Math.max(0, times.length - most)] ?? 0;
  const latestFirst = [...seen].filter(([, at]) => at >= floor).sort(([, a], [, b]) => b - a);
  const sources = new Set<string>();
  for (const [address] of latestFirst) {
    if (sources.size >= most) break;
    sources.add(sourceKey(address));
  }
  return [...sources].reverse();
}

function isPaired({ tokens }: Device): boolean {
  return Object.values(tokens).some((token) => token.revokedAtMs === undefined);
}
