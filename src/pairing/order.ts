/** Where a device stands in the list: every paired device is one such place. */
export interface Place {
  readonly approvedAtMs: number;
  readonly deviceId: string;
}

/** Ids in one block: a change moves at most this many, and a block that outgrows it is halved. */
const BLOCK = 512;

/**
 * The ids of all paired devices by the time of their approval, so that a page of the list costs as
 * much as its own rows. Holds ids alone; when they were approved is read from the records.
 */
export class ApprovalOrder {
  readonly #records: ReadonlyMap<string, Place>;
  /** Oldest first, none empty. */
  readonly #blocks: string[][];

  /** `records` must hold every id that is in here, as long as it is. */
  constructor(records: ReadonlyMap<string, Place>, blocks: readonly (readonly string[])[] = []) {
    this.#records = records;
    this.#blocks = blocks.map((block) => [...block]);
  }

  /** The same order over another map with the same records. */
  over(records: ReadonlyMap<string, Place>): ApprovalOrder {
    return new ApprovalOrder(records, this.#blocks);
  }

  /** Takes in a place that is not in here; its record is in the map already. */
  add(place: Place): void {
    const [at, index] = this.#find(place);
    const block = this.#blocks[at];
    if (!block) {
      this.#blocks.push([place.deviceId]);
    } else if (index === BLOCK && at === this.#blocks.length - 1) {
      // The usual case, and then blocks stay full: the newest of all.
      this.#blocks.push([place.deviceId]);
    } else {
      block.splice(index, 0, place.deviceId);
      if (block.length > BLOCK) this.#blocks.splice(at + 1, 0, block.splice(BLOCK / 2));
    }
  }

  /** Forgets a place whose record is still in the map, as it was when it was added. */
  delete(place: Place): void {
    const [at, index] = this.#find(place);
    const block = this.#blocks[at];
    if (block?.[index] !== place.deviceId) return;
    block.splice(index, 1);
    if (block.length === 0) this.#blocks.splice(at, 1);
  }

  /** Up to `count` ids, newest first, that come after `after` in the list; from its start without. */
  page(after: Place | undefined, count: number): string[] {
    const ids: string[] = [];
    let [at, index] = after ? this.#find(after) : [this.#blocks.length, 0];
    while (ids.length < count) {
      index -= 1;
      if (index < 0) {
        at -= 1;
        const block = this.#blocks[at];
        if (!block) break;
        index = block.length - 1;
      }
      const id = this.#blocks[at]?.[index];
      if (id !== undefined) ids.push(id);
    }
    return ids;
  }

  /** Block and index of the first id that is not older than `place`. */
  #find(place: Place): [number, number] {
    const isOlder = (id: string | undefined) => id !== undefined && this.#isOlder(id, place);
    const blocks = this.#blocks;
    const at = firstFalse(blocks.length, (i) => isOlder(blocks[i]?.at(-1)));
    const last = blocks.length - 1;
    // Past the end of all it is the end of the last block.
    if (at > last) return [Math.max(0, last), blocks[last]?.length ?? 0];
    const block = blocks[at] ?? [];
    return [at, firstFalse(block.length, (i) => isOlder(block[i]))];
  }

  #isOlder(id: string, than: Place): boolean {
    const at = this.#records.get(id)?.approvedAtMs ?? 0;
    return at === than.approvedAtMs ? id < than.deviceId : at < than.approvedAtMs;
  }
}

/** The first index below `length` where `holds` does not, if it holds for all before; or `length`. */
function firstFalse(length: number, holds: (index: number) => boolean): number {
  let low = 0;
  let high = length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (holds(middle)) low = middle + 1;
    else high = middle;
  }
  return low;
}
