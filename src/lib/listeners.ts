/**
 * Objects that are told what happened, each by its method of the event's name, where it has one.
 *
 *     const listeners = new Listeners<{ ended?(deviceId: string): void }>();
 *     const stop = listeners.add({ ended: (deviceId) => close(deviceId) });
 *     listeners.tell("ended", "a1b2");
 */
export class Listeners<Listener extends object> {
  readonly #all = new Set<Listener>();

  /** Returns how to stop. */
  add(listener: Listener): () => void {
    this.#all.add(listener);
    return () => {
      this.#all.delete(listener);
    };
  }

  /**
   * Tells all of them, in the order in which they were added.
   * @throws what the first of those threw that failed, once all were told
   */
  tell<Name extends keyof Listener>(name: Name, ...facts: FactsOf<Listener[Name]>): void {
    const failures: unknown[] = [];
    for (const listener of [...this.#all]) {
      const told = listener[name] as ((...args: typeof facts) => void) | undefined;
      try {
        told?.apply(listener, facts);
      } catch (error) {
        // One that fails must not keep the others from what they have to do, such as to close a connection.
        failures.push(error);
      }
    }
    if (failures.length > 0) throw failures[0];
  }

  clear(): void {
    this.#all.clear();
  }
}

type FactsOf<Method> =
  NonNullable<Method> extends (...facts: infer Facts) => unknown ? Facts : never;
