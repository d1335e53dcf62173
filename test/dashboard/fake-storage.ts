/** localStorage and sessionStorage, as far as the page uses them: what is stored are own properties. */
export class FakeStorage {
  [name: string]: unknown;
  #isShut = false;

  /** From now on it throws, as where a person forbids pages to store. */
  static shut(storage: FakeStorage, isShut = true): void {
    storage.#isShut = isShut;
  }

  getItem(name: string): string | null {
    this.#check();
    return Object.hasOwn(this, name) ? String(this[name]) : null;
  }

  setItem(name: string, value: string): void {
    this.#check();
    this[name] = value;
  }

  removeItem(name: string): void {
    this.#check();
    delete this[name];
  }

  #check(): void {
    if (this.#isShut) throw new DOMException("denied", "SecurityError");
  }
}

/** How IndexedDB can fail: each was seen in a browser. */
export const databaseFaults = [
  "open throws",
  "open fails",
  "open never answers",
  "the store is missing",
  "reading fails",
  "the transaction is aborted",
  "the key is not in what is read",
  "the key does not sign",
] as const;
export type DatabaseFault = (typeof databaseFaults)[number];

interface Asked {
  result?: unknown;
  error?: DOMException;
  onsuccess?: () => void;
  onerror?: () => void;
  onupgradeneeded?: () => void;
}

const error = (name: string) => new DOMException(`a fake ${name}`, name);

/** IndexedDB with one database, which fails as `fault` says. */
export class FakeDatabase {
  readonly kept = new Map<unknown, unknown>();
  fault: DatabaseFault | undefined;
  /** Databases that are open now. */
  opened = 0;

  open(): Asked {
    if (this.fault === "open throws") throw error("SecurityError");
    const asked: Asked = { result: this.#database() };
    if (this.fault === "open never answers") return asked;
    if (this.fault === "open fails") return this.#settle(asked, error("UnknownError"));
    this.opened += 1;
    return this.#settle(asked);
  }

  #settle(asked: Asked, failure?: DOMException): Asked {
    if (failure) asked.error = failure;
    setTimeout(() => (failure ? asked.onerror?.() : asked.onsuccess?.()));
    return asked;
  }

  #database() {
    return {
      createObjectStore: () => {},
      transaction: (_store: string, mode: string) => this.#transaction(mode),
      close: () => {
        this.opened -= 1;
      },
    };
  }

  #transaction(mode: string) {
    if (this.fault === "the store is missing") throw error("NotFoundError");
    const fresh = new Map<unknown, unknown>();
    const work: { oncomplete?: () => void; onabort?: () => void; error?: DOMException } = {};
    const end = () => {
      if (this.fault === "the transaction is aborted") {
        work.error = error("QuotaExceededError");
        return work.onabort?.();
      }
      for (const [name, value] of fresh) this.kept.set(name, value);
      work.oncomplete?.();
    };
    const get = (name: unknown): Asked => {
      const failed = this.fault === "reading fails" ? error("UnknownError") : undefined;
      setTimeout(() => setTimeout(end));
      return this.#settle({ result: this.#read(name) }, failed);
    };
    const put = (value: unknown, name: unknown) => {
      if (mode !== "readwrite") throw error("ReadOnlyError");
      fresh.set(name, value);
    };
    return Object.assign(work, { objectStore: () => ({ get, put }) });
  }

  #read(name: unknown): unknown {
    const stored = this.kept.get(name);
    if (!stored) return undefined;
    if (this.fault === "the key is not in what is read") return { ...stored, privateKey: null };
    if (this.fault === "the key does not sign") return { ...stored, privateKey: {} };
    return stored;
  }
}
