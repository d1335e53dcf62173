import { addressMatcher, isLoopback, PRIVATE_V4, PRIVATE_V6 } from "../lib/net.ts";

/** Requests of one address that all name another visitor, after which it is taken for a proxy. */
const ENOUGH = 3;

const isPrivate = addressMatcher([...PRIVATE_V4, ...PRIVATE_V6]);

/** An address, and whether it is one that is looked at. */
interface Known {
  readonly address: string;
  readonly loopback: boolean;
  readonly isNear: boolean;
}

/**
 * Finds the proxy that all visitors come through and that is not trusted, so that they count as one. Only
 * loopback and private addresses are looked at, or strangers could have their own named here; and only one
 * all of whose requests name other visitors, for a bridge has those of its own machine as well. In a
 * container strangers too may come from the bridge's address: of a port that is published by IPv6 or by a
 * rootless engine. So what is found there is proposed on the condition that the port is not published.
 */
export class ProxyWatch {
  #address: string | undefined;
  #named = 0;
  /** Most sockets are asked about three times in a row. */
  #last: Known | undefined;

  /** `found`: told once of each proxy. */
  constructor(private readonly found: (address: string) => void = () => {}) {}

  /** The proxy that was found; `undefined` while there is none. */
  get address(): string | undefined {
    return this.#named >= ENOUGH ? this.#address : undefined;
  }

  /** A request of an address that is not trusted. `names`: whether it names another visitor. */
  seen(address: string, names: () => boolean): void {
    if (this.#named >= ENOUGH) return;
    const { loopback, isNear } = this.#known(address);
    if (!isNear) return;
    if (!names()) {
      // What this machine asks of itself is no visitor, and no sign against a proxy on it.
      if (this.#address === address && !loopback) this.reset();
      return;
    }
    if (this.#address !== address) this.#named = 0;
    this.#address = address;
    this.#named += 1;
    if (this.#named === ENOUGH) this.found(address);
  }

  #known(address: string): Known {
    if (this.#last?.address === address) return this.#last;
    const loopback = isLoopback(address);
    this.#last = { address, loopback, isNear: loopback || isPrivate(address) };
    return this.#last;
  }

  /** From here on others are trusted. */
  reset(): void {
    this.#address = undefined;
    this.#named = 0;
  }
}
