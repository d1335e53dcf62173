import { lookup } from "node:dns/promises";
import type { LookupFunction } from "node:net";
import { type EgressPolicy, EgressRefused } from "./egress.ts";
import { Semaphore } from "./semaphore.ts";

/** An address of a name, as `dns.lookup` gives it. */
export interface Address {
  readonly address: string;
  readonly family: number;
}

/** Finds all addresses of a name. Rejects with the system's error (`code` such as ENOTFOUND). */
export type ResolveName = (name: string) => Promise<readonly Address[]>;

const systemResolve: ResolveName = (name) => lookup(name, { all: true });

/**
 * Looks names up for connections that go out, and hands over only addresses that a policy allows:
 * what was judged is what is connected to, so a name that leads elsewhere a moment later gains nothing.
 *
 * Few lookups run at once: each holds one of the process's four threads for as long as a name server
 * is silent, and what is written to the disk needs them as well.
 */
export class NameLookup {
  readonly #semaphore: Semaphore;

  constructor(
    bounds: { readonly atOnce: number; readonly queued: number },
    private readonly resolve: ResolveName = systemResolve,
  ) {
    this.#semaphore = new Semaphore(bounds.atOnce, bounds.queued);
  }

  /** The `lookup` of `net.connect`. It fails with {@link EgressRefused} where no address is allowed. */
  under(policy: EgressPolicy): LookupFunction {
    return (name, options, done) => {
      this.#allowed(name, policy).then(
        (found) => {
          const [first] = found;
          if (options.all) return done(null, [...found]);
          return done(null, first?.address ?? "", first?.family);
        },
        (error: NodeJS.ErrnoException) => done(error, options.all ? [] : "", 0),
      );
    };
  }

  async #allowed(name: string, policy: EgressPolicy): Promise<readonly Address[]> {
    const found = await this.#semaphore.run(() => this.resolve(name));
    const judged = found.map((one) => ({ one, verdict: policy.judge(one.address) }));
    const allowed = judged.filter(({ verdict }) => verdict.ok).map(({ one }) => one);
    if (allowed.length > 0) return allowed;
    for (const { one, verdict } of judged) {
      if (!verdict.ok) throw new EgressRefused(one.address, verdict.what, verdict.never);
    }
    throw Object.assign(new Error(`${name} has no address`), { code: "ENOTFOUND" });
  }
}
