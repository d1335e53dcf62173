/** Below what one connection may have in flight, and enough to share every write to the disk. */
const AT_ONCE = 64;

/**
 * Runs `act` on each item, several at a time. After a failure no other one begins, and those under
 * way are waited for.
 * @throws the first failure
 */
export async function forEach<Item>(
  items: readonly Item[],
  act: (item: Item) => Promise<void>,
): Promise<void> {
  const left = items[Symbol.iterator]();
  const failures: unknown[] = [];
  const lane = async () => {
    for (const item of left) {
      if (failures.length > 0) return;
      await act(item).catch((error) => failures.push(error));
    }
  };
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, items.length) }, lane));
  if (failures.length > 0) throw failures[0];
}
