import { Decisions } from "../../src/audit/decisions.ts";
import type { Trail } from "../../src/audit/trail.ts";
import type { OpenFile } from "../../src/lib/atomic-file.ts";
import { type Limits, limitValues } from "../../src/limits/table.ts";
import {
  type StateDocument,
  type StateParts,
  statePartsOf,
  stateShape,
} from "../../src/main/state.ts";
import { LastAdminGuard } from "../../src/pairing/last-admin-guard.ts";
import { hostOwner, Pairing, type PairingListener } from "../../src/pairing/pairing.ts";
import type { PairingState } from "../../src/pairing/records.ts";
import type { Actor } from "../../src/protocol/access.ts";
import { askerOf } from "../../src/requests/records.ts";
import { openDocument } from "../../src/store/document.ts";
import { HandWorld } from "../kit/world.ts";
import { MemoryFiles } from "../store/support/memory-files.ts";

/** A disk whose syncs wait, while it is held, until they are let go one after the other. */
export class HeldFiles extends MemoryFiles {
  held = false;
  readonly #waiting: (() => void)[] = [];

  get waiting(): number {
    return this.#waiting.length;
  }

  /** One sync ends. */
  letOne(): void {
    this.#waiting.shift()?.();
  }

  letGo(): void {
    this.held = false;
    while (this.#waiting.length > 0) this.letOne();
  }

  override async openNew(path: string, mode: number): Promise<OpenFile> {
    return this.#held(await super.openNew(path, mode));
  }

  override async openExisting(path: string): Promise<OpenFile> {
    return this.#held(await super.openExisting(path));
  }

  #held(file: OpenFile): OpenFile {
    const datasync = async () => {
      if (this.held) await new Promise<void>((resolve) => this.#waiting.push(resolve));
      await file.datasync();
    };
    return { ...file, datasync };
  }
}

/** Pairing on a disk that the test drives. */
export interface PairingBench {
  readonly world: HandWorld;
  readonly files: HeldFiles;
  readonly state: StateDocument;
  readonly document: StateParts["pairing"];
  readonly requests: StateParts["requests"];
  readonly decisions: Decisions;
  readonly guard: LastAdminGuard;
  /** The audit as this machine has it. */
  readonly trail: () => Trail;
  readonly pairing: Pairing;
  /** What listeners were told, as `<event> <id>`. */
  readonly told: string[];
  /** Which devices were named as being ended. */
  readonly ending: ((deviceId: string) => boolean)[];
  /** Pairs a device by approval; resolves once that is durable. */
  pair(deviceId: string, scopes: readonly string[], role?: "operator" | "node"): Promise<void>;
  /** Asks for approval; resolves with the code. */
  ask(deviceId: string, scopes?: readonly string[]): Promise<string>;
}

const text = { clientId: "test", clientMode: "test" };

export async function pairingOn(
  files = new HeldFiles(),
  more: {
    limits?: Partial<Limits>;
    otherAdmins?: () => number;
    /** Limits of the store. */
    store?: { reserveBytes?: number; commitBytes?: number };
  } = {},
): Promise<PairingBench> {
  const world = new HandWorld();
  const { otherAdmins = () => 0 } = more;
  const limits = { reserveBytes: 0, ...more.store };
  const state = await openDocument(stateShape, { folder: "/state", world, fs: files, limits });
  const { pairing: document, requests, audit, host } = statePartsOf(state);
  const table = limitValues(more.limits);
  const now = () => world.now();
  const decisions = new Decisions({ audit, host, limits: table, world, now });
  const guard = new LastAdminGuard({ document, otherAdmins });
  const pairing = new Pairing({
    document,
    requests,
    decisions,
    guard,
    world,
    limits: table,
    gatewayId: "gateway",
    otherAdmins,
  });
  const told: string[] = [];
  const ending: ((deviceId: string) => boolean)[] = [];
  const listener: PairingListener = {
    ended: ({ deviceId, why }) => void told.push(`${why} ${deviceId}`),
    ending: (is) => void ending.push(is),
  };
  requests.listen((event) => {
    if (event.name === "resolved") told.push(`${event.why} ${askerOf(event.request)}`);
  });
  pairing.listen(listener);
  const ask: PairingBench["ask"] = async (deviceId, scopes = ["operator.read"]) =>
    (await request(deviceId, scopes, "operator")).requestId;
  const request = (deviceId: string, scopes: readonly string[], role: "operator" | "node") =>
    pairing.request({ deviceId, publicKey: "key", role, scopes, text, source: deviceId });
  return {
    world,
    files,
    state,
    document,
    requests,
    decisions,
    guard,
    trail: () => host.durable.trail,
    pairing,
    told,
    ending,
    ask,
    pair: async (deviceId, scopes, role = "operator") => {
      const { requestId } = await request(deviceId, scopes, role);
      await pairing.approve(requestId, hostOwner);
    },
  };
}

/** An operator on the token of its own device. */
export function deviceActor(deviceId: string, scopes = ["operator.admin"]): Actor {
  return { role: "operator", scopes, method: "device-token", deviceId };
}

/** The turns that a disk in memory needs to do all it was asked for. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 50; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

export function liveDevices(state: PairingState): string[] {
  const live = [...state.devices.values()].filter(({ tokens }) =>
    Object.values(tokens).some(({ revokedAtMs }) => revokedAtMs === undefined),
  );
  return live.map(({ deviceId }) => deviceId);
}
