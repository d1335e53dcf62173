import type { AdminLink } from "../../../../src/cli/reach/admin-link.ts";
import { type LimitName, limitTable } from "../../../../src/limits/table.ts";
import { type ConnectOptions, type Frame, makeDevice, RawClient } from "../../../kit/client.ts";
import { type GatewayProcess, PROCESS_TOKEN } from "../../../kit/process.ts";

/** The names of refusals and closes with how often `status` counted each. */
export type Counters = Readonly<Record<string, number>>;

/** One way to misbehave. */
export interface Offence {
  readonly name: string;
  /** The rows of the limits table that it pushes past. */
  readonly rows: readonly LimitName[];
  /** Misbehaves, asserts what the offender gets, and says it in a few words. */
  run(ground: Ground): Promise<string>;
}

/** Counters that must have risen after an offence: those of its rows. */
export function countersOf({ rows }: Offence): string[] {
  return rows.map((row) => limitTable[row].metric).filter((metric) => metric !== "-");
}

const auth = { token: PROCESS_TOKEN };

/** The gateway under attack, and the doors to it. */
export class Ground {
  #net = 0;

  constructor(
    readonly gateway: GatewayProcess,
    readonly owner: AdminLink,
  ) {}

  /** Addresses that nobody used before, so that no offence suffers for an earlier one. */
  addresses(count: number): string[] {
    const first = this.#net;
    this.#net += count;
    return Array.from({ length: count }, (_, i) => {
      const n = first + i;
      return `127.${10 + Math.floor(n / 62_500)}.${1 + (Math.floor(n / 250) % 250)}.${1 + (n % 250)}`;
    });
  }

  address(): string {
    return this.addresses(1)[0] ?? "";
  }

  async counters(): Promise<Counters> {
    const { gateway } = (await this.owner.request("status")) as Frame;
    return gateway.closes;
  }

  open(localAddress: string): Promise<RawClient> {
    return RawClient.open(this.gateway.url, { localAddress });
  }

  /** One connect of a stranger: how it was answered, and how the socket ended. */
  async stranger(localAddress: string, options: ConnectOptions): Promise<string> {
    const client = await this.open(localAddress);
    const { ok, error } = await client.connect(options);
    if (ok) throw new Error("a stranger was let in");
    const { code, reason } = await client.end();
    if (code === 1006 || reason === "") throw new Error(`closed ${code} without a reason`);
    return error.details?.code ?? error.message;
  }

  /** A paired device that will misbehave; `own`: it comes by its own token, so it has its own rights. */
  async insider(options: ConnectOptions, own = false): Promise<RawClient> {
    const localAddress = this.address();
    const { device = makeDevice() } = options;
    const asking = await this.open(localAddress);
    const { error } = await asking.connect({ ...options, device, auth });
    await this.owner.request("device.pair.approve", { requestId: error.details.requestId });
    const client = await this.open(localAddress);
    const hello = await client.connect({ ...options, device, auth });
    if (!own) return client;
    client.close();
    const { deviceToken } = hello.payload.auth;
    const again = await this.open(localAddress);
    await again.connect({ ...options, device, auth: { deviceToken } });
    return again;
  }
}

/** How many there are of each, as text: `3 × A, 1 × B`. */
export function tally(things: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const thing of things) counts[thing] = (counts[thing] ?? 0) + 1;
  return counts;
}

export function words(counts: Readonly<Record<string, number>>): string {
  return Object.entries(counts)
    .map(([thing, count]) => `${count} × ${thing}`)
    .join(", ");
}
