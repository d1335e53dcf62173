/** Key pairs in IndexedDB, by name; the private half is a handle that can sign and can't be read. */
export interface StoredPair {
  privateKey: CryptoKey;
  raw: ArrayBuffer;
}

/** One pair used to serve a whole origin, under this name. */
export const SHARED = 1;

function settled<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

/**
 * The pair that is stored under `name`; else stores `fresh`. One transaction, so two new tabs end up with
 * one key; and it is there once this resolves, for the browser may still refuse at the end. Rejects with
 * what the browser says.
 */
export async function keepPair(
  name: string | typeof SHARED,
  fresh?: StoredPair,
): Promise<StoredPair | undefined> {
  const request = indexedDB.open("openclaw-device");
  request.onupgradeneeded = () => request.result.createObjectStore("keys");
  const database = await settled(request);
  try {
    const mode = fresh ? "readwrite" : "readonly";
    const work = database.transaction("keys", mode, { durability: "strict" });
    const store = work.objectStore("keys");
    const stored = await settled<StoredPair | undefined>(store.get(name));
    if (!stored && fresh) store.put(fresh, name);
    await new Promise((resolve, reject) => {
      work.oncomplete = resolve;
      work.onabort = () => reject(work.error);
    });
    return stored ?? fresh;
  } finally {
    // An open database would stand in the way of who clears or changes it.
    database.close();
  }
}
