import { Semaphore } from "../lib/semaphore.ts";
import type { World } from "../lib/world.ts";
import type { Limits } from "../limits/table.ts";
import type { Actor } from "../protocol/access.ts";
import { isConfined, mayManage } from "../requests/authority.ts";
import type { DeviceRequest } from "../requests/records.ts";
import { inOneTurn, inSlices } from "../store/time-slices.ts";
import type { Place } from "./order.ts";
import type { Device, PairingState } from "./records.ts";
import { deviceFilter, type Filter, isOpen, pendingFilter } from "./search.ts";

/** One page of the list of paired devices, newest first. */
export interface PageAsk extends Filter {
  readonly actor: Actor;
  /** Rows at most. */
  readonly limit: number;
  /** Where the page before this one ended, and what it said the total is. */
  readonly after?: (Place & { readonly total: number }) | undefined;
  /** A row as JSON. */
  readonly write: (device: Device) => string;
}

export interface DevicePage {
  /** Rows as JSON, with commas between them. */
  readonly rows: string;
  /** How many devices the whole list has, as counted for its first page. */
  readonly total: number;
  /** The last device of this page, when others follow. */
  readonly end: Place | undefined;
}

interface Deps {
  /** What is durable. */
  readonly state: () => PairingState;
  /** Devices' requests that are durable. */
  readonly requests: () => readonly DeviceRequest[];
  readonly world: World;
  /** Wall clock, as requests end by it. */
  readonly now: () => number;
  readonly limits: Limits;
  readonly isConnected: (deviceId: string) => boolean;
}

/** This many records are looked at or written before the clock is. */
const STEP = 32;
/** A list of so few is made in one turn of the event loop. */
const SHORT = 256;

/**
 * The list of devices in pages, whose cost does not grow with what is not on them, and during which
 * the event loop gets its turns.
 *
 * A page goes on where the last one ended: behind that device's time of approval and id. So while
 * devices come, go and change, one that is paired and approved throughout is listed exactly
 * once. One that is approved, or approved anew, meanwhile stands before all pages
 * still to come and is not among them (by a clock that was set back it may stand behind, and so be
 * listed again); one that is removed is not listed from then on.
 */
export class DeviceList {
  readonly #semaphore: Semaphore;

  constructor(private readonly deps: Deps) {
    this.#semaphore = new Semaphore(deps.limits.listsAtOnce, Number.POSITIVE_INFINITY);
  }

  /** The devices whose id begins so. */
  named(start: string): Device[] {
    const found: Device[] = [];
    for (const [deviceId, device] of this.deps.state().devices) {
      if (deviceId.startsWith(start)) found.push(device);
    }
    return found;
  }

  /** The live requests that fit, newest first. Their number is bounded by a limit of its own. */
  pending(actor: Actor, filter: Filter): DeviceRequest[] {
    const now = this.deps.now();
    const fits = pendingFilter(filter);
    const seen = (request: DeviceRequest) =>
      request.expiresAtMs > now && mayManage(actor, request.deviceId);
    const all = this.deps.requests().filter((one) => seen(one) && fits(one));
    return all.sort((a, b) => b.ts - a.ts);
  }

  /** All there is, or the newest as many as one answer may have. */
  whole(ask: Pick<PageAsk, "actor" | "write">): DevicePage | Promise<DevicePage> {
    return this.page({ ...ask, limit: this.deps.limits.listRows });
  }

  /** At once where that is quick. */
  page(ask: PageAsk): DevicePage | Promise<DevicePage> {
    const all = this.deps.state().devices.size;
    const looksAt = isOpen(ask) && !isConfined(ask.actor) ? Math.min(all, ask.limit) : all;
    if (looksAt <= SHORT) return inOneTurn(this.#make(ask));
    return this.#semaphore.run(() => inSlices(this.#make(ask), this.deps.world));
  }

  *#make(ask: PageAsk): Generator<void, DevicePage> {
    const found = isOpen(ask) && !isConfined(ask.actor) ? this.#front(ask) : yield* this.#find(ask);
    const { listBytes } = this.deps.limits;
    const texts: string[] = [];
    let bytes = 0;
    let end: Place | undefined;
    for (const device of found.devices) {
      const text = ask.write(device);
      bytes += Buffer.byteLength(text) + 1;
      if (bytes > listBytes && end) return { rows: texts.join(), total: found.total, end };
      texts.push(text);
      end = device;
      if (texts.length % STEP === 0) yield;
    }
    return { rows: texts.join(), total: found.total, end: found.more ? end : undefined };
  }

  /** Where everything fits, the page is the next so many. */
  #front({ after, limit }: PageAsk): Found {
    const { devices, order } = this.deps.state();
    const ids = order.page(after, limit + 1);
    const records = ids.map((id) => devices.get(id)).filter((device) => device !== undefined);
    return found(records, limit, after?.total ?? devices.size);
  }

  /** Looks for what fits until the page is full; for the first page to the end, to count. */
  *#find(ask: PageAsk): Generator<void, Found> {
    const { actor, limit, after } = ask;
    const fits = deviceFilter(ask, this.deps.isConnected);
    const hits: Device[] = [];
    let count = 0;
    let place: Place | undefined = after;
    while (!after || hits.length <= limit) {
      const { devices, order } = this.deps.state();
      const ids = order.page(place, STEP);
      for (const id of ids) {
        const device = devices.get(id);
        if (!device) continue;
        place = device;
        if (!mayManage(actor, id) || !fits(device)) continue;
        count += 1;
        if (hits.length <= limit) hits.push(device);
      }
      if (ids.length < STEP) break;
      yield;
    }
    return found(hits, limit, after?.total ?? count);
  }
}

interface Found {
  readonly devices: readonly Device[];
  readonly more: boolean;
  readonly total: number;
}

function found(hits: readonly Device[], limit: number, total: number): Found {
  return { devices: hits.slice(0, limit), more: hits.length > limit, total };
}
