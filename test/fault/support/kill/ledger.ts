import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "vitest";
import { AdminLink, GatewayRefusal } from "../../../../src/cli/reach/admin-link.ts";
import { type Frame, makeDevice, type TestDevice } from "../../../kit/client.ts";
import type { GatewayProcess } from "../../../kit/process.ts";

/** What the state says of a device. */
export type Fate = "absent" | "pending" | "paired" | "revoked";

export interface Entry {
  readonly device: TestDevice;
  /** The code of its request, once it was told. */
  code?: string;
  /** What was acknowledged last. */
  sure: Fate;
  /** What was asked for and neither answered nor refused. */
  maybe: Fate | undefined;
}

/** A value that only grows: what was acknowledged last, and what was asked for last. */
interface Counter {
  sure: number;
  asked: number;
}

/** What clients were told, which must outlive every kill, and what they asked for without an answer. */
export class Ledger {
  readonly entries = new Map<string, Entry>();
  /** The number in the gateway's name, which is in the configuration file. */
  readonly name: Counter = { sure: 0, asked: 0 };
  /** The number in the label of the device `labelled`. */
  readonly label: Counter = { sure: 0, asked: 0 };
  labelled: Entry | undefined;
  acknowledged = 0;
  /** Codes under which nodes offered something, and whose they are. */
  readonly offered = new Map<string, string>();
  /** Values of `name` that are known to have been in the file, and the last of them. */
  names = 0;
  #lastName = 0;
  /** Answers that nobody expected. */
  readonly surprises: string[] = [];

  /** A value that is in the file, or was. */
  sawName(value: number): void {
    if (value > this.#lastName) this.names += 1;
    this.#lastName = Math.max(this.#lastName, value);
  }

  newcomer(): Entry {
    const entry: Entry = { device: makeDevice(), sure: "absent", maybe: undefined };
    this.entries.set(entry.device.deviceId, entry);
    return entry;
  }

  /** Notes what is asked for, and what comes of it. Rejects as `act` does. */
  async change(entry: Entry, to: Fate, act: () => Promise<{ durable?: boolean }>): Promise<void> {
    entry.maybe = to;
    const { durable = true } = await act().catch((error) => {
      // Said to have failed: then it must not have happened.
      if (error instanceof GatewayRefusal && !error.message.includes("may still find")) {
        entry.maybe = undefined;
      }
      throw error;
    });
    if (!durable) throw new Error("not durable");
    entry.sure = to;
    entry.maybe = undefined;
    this.acknowledged += 1;
  }

  /** The same for a counter. */
  async count(counter: Counter, act: (value: number) => Promise<unknown>): Promise<void> {
    counter.asked += 1;
    const value = counter.asked;
    await act(value);
    counter.sure = Math.max(counter.sure, value);
    if (counter === this.name) this.sawName(value);
    this.acknowledged += 1;
  }

  /** Compares a gateway that was started again with all that was told; from then on, that is sure. */
  async compare(gateway: GatewayProcess): Promise<void> {
    const owner = await AdminLink.open(gateway.adminSocket);
    const list = (await owner.request("device.pair.list")) as { paired: Frame[]; pending: Frame[] };
    await owner.close();
    const found = new Map<string, Fate>(list.paired.map((row) => [row.deviceId, fateOf(row)]));
    for (const { deviceId, requestId } of list.pending) {
      // An approval takes the request away in the same change as it adds the device.
      expect(found.has(deviceId)).toBe(false);
      found.set(deviceId, "pending");
      const entry = this.entries.get(deviceId);
      if (!entry) continue;
      entry.code ??= requestId;
      expect(requestId).toBe(entry.code);
    }
    expect([...found.keys()].filter((id) => !this.entries.has(id))).toEqual([]);
    const wrong = [...this.entries.values()].filter((entry) => !fits(entry, found));
    expect(wrong.map((entry) => ({ ...entry, is: fateIn(found, entry) }))).toEqual([]);
    for (const entry of this.entries.values()) this.#settle(entry, fateIn(found, entry));
    const label = list.paired.find((row) => row.deviceId === this.labelled?.device.deviceId);
    settle(this.label, Number(label?.operatorLabel?.slice(1) ?? 0));
    settle(this.name, await nameNumber(gateway.stateDir));
  }

  #settle(entry: Entry, is: Fate): void {
    entry.sure = is;
    entry.maybe = undefined;
    if (is === "absent") this.entries.delete(entry.device.deviceId);
  }
}

function fateOf(row: Frame): Fate {
  return row.tokens.some((token: Frame) => token.revokedAtMs !== undefined) ? "revoked" : "paired";
}

function fateIn(found: ReadonlyMap<string, Fate>, { device }: Entry): Fate {
  return found.get(device.deviceId) ?? "absent";
}

function fits(entry: Entry, found: ReadonlyMap<string, Fate>): boolean {
  const is = fateIn(found, entry);
  return is === entry.sure || is === entry.maybe;
}

function settle(counter: Counter, is: number): void {
  expect(is).toBeGreaterThanOrEqual(counter.sure);
  expect(is).toBeLessThanOrEqual(counter.asked);
  counter.sure = is;
  counter.asked = is;
}

/** The number in `gateway.name` of the file: 0 while there is none. A half-written file has no number. */
export async function nameNumber(stateDir: string): Promise<number> {
  const text = await readFile(join(stateDir, "openclaw.json"), "utf8").catch(() => "");
  if (text === "") return 0;
  return Number(JSON.parse(text).gateway?.name?.slice(1) ?? 0);
}
