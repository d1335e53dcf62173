import { KeyCounts } from "./key-counts.ts";
import { prefixKey } from "./net.ts";

/** One that holds a place, or wants one. */
export interface HeldPlace {
  /** What limits count by: an address or a network (`sourceKey` of net.ts). */
  readonly source: string;
  /** It waits, or came back a moment ago. */
  readonly isThere: boolean;
  /** When it came, milliseconds of any one clock. */
  readonly since: number;
}

export interface PlaceBounds {
  readonly all: number;
  readonly perSource: number;
  /** Places of one prefix (/24, /48) that are not held against it. */
  readonly perPrefix: number;
}

/** `fits`: nothing has to go. `turn-away`: the one that came has no place. Else who gives way to it. */
export type GiveWay<One> = "fits" | "turn-away" | { readonly goes: One };

/**
 * Who gives way where one more comes that is there now. Of an address that has its share: one of its own
 * that is gone. Where all places are taken: first those that are gone, then those of a prefix that holds
 * more than `perPrefix` and more than the one that came would; of these the prefix that holds most, and
 * there the newest. So who came first and stays is not pushed out by how many come after: where all are
 * alike it is the one that came that has no place. Pure.
 */
export function giveWay<One extends HeldPlace>(
  held: readonly One[],
  source: string,
  bounds: PlaceBounds,
): GiveWay<One> {
  const own = held.filter((one) => one.source === source);
  if (own.length >= bounds.perSource) return goes(newest(own.filter(isGone)));
  if (held.length < bounds.all) return "fits";
  const crowds = crowdsOf(held);
  const crowdOf = (one: HeldPlace) => crowds.of(prefixKey(one.source));
  const gone = held.filter(isGone);
  if (gone.length > 0) return goes(newest(mostCrowded(gone, crowdOf)));
  const fair = Math.max(bounds.perPrefix, crowds.of(prefixKey(source)) + 1);
  return goes(newest(mostCrowded(held, crowdOf).filter((one) => crowdOf(one) > fair)));
}

function isGone({ isThere }: HeldPlace): boolean {
  return !isThere;
}

function goes<One>(one: One | undefined): GiveWay<One> {
  return one === undefined ? "turn-away" : { goes: one };
}

/** How many places each prefix holds. */
function crowdsOf(held: readonly HeldPlace[]): KeyCounts {
  const crowds = new KeyCounts();
  for (const { source } of held) crowds.add(prefixKey(source));
  return crowds;
}

function mostCrowded<One extends HeldPlace>(held: readonly One[], crowdOf: (one: One) => number) {
  const most = held.reduce((best, one) => Math.max(best, crowdOf(one)), 0);
  return held.filter((one) => crowdOf(one) === most);
}

function newest<One extends HeldPlace>(held: readonly One[]): One | undefined {
  return held.reduce<One | undefined>(
    (best, one) => (best === undefined || one.since >= best.since ? one : best),
    undefined,
  );
}
