/** One key pair in IndexedDB; the private half is a handle that can sign and can't be read. */
export interface StoredPair {
  privateKey: CryptoKey;
  raw: ArrayBuffer;
}

function settled<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = reject;
  });
}

/** The stored pair; else stores `fresh`. One transaction, so two new tabs end up with one key. */
export async function keepPair(fresh?: StoredPair): Promise<StoredPair | undefined> {
  const request = indexedDB.open("openclaw-device");
  request.onupgradeneeded = () => request.result.createObjectStore("keys");
  const database = await settled(request);
  const store = database.transaction("keys", "readwrite").objectStore("keys");
  const stored = await settled<StoredPair | undefined>(store.get(1));
  if (!stored && fresh) await settled(store.put(fresh, 1));
  return stored ?? fresh;
}
