/** Which files each file imports. */
export type Edges = ReadonlyMap<string, readonly string[]>;

/**
 * The groups of files that reach each other over imports (Tarjan's strongly connected components of
 * more than one file), and files that import themselves. Sorted, each name once.
 */
export function findRings(edges: Edges): string[][] {
  const index = new Map<string, number>();
  const low = new Map<string, number>();
  const path: string[] = [];
  const onPath = new Set<string>();
  const rings: string[][] = [];

  function visit(name: string): void {
    index.set(name, index.size);
    low.set(name, index.get(name) ?? 0);
    path.push(name);
    onPath.add(name);
    for (const next of edges.get(name) ?? []) {
      if (!index.has(next)) visit(next);
      if (onPath.has(next)) low.set(name, Math.min(low.get(name) ?? 0, low.get(next) ?? 0));
    }
    if (low.get(name) === index.get(name)) close(name);
  }

  /** All that lies on the path from `name` on reaches `name` again. */
  function close(name: string): void {
    const ring = path.splice(path.indexOf(name));
    for (const member of ring) onPath.delete(member);
    const alone = ring.length === 1 && !edges.get(name)?.includes(name);
    if (!alone) rings.push(ring.sort());
  }

  for (const name of edges.keys()) if (!index.has(name)) visit(name);
  return rings.sort();
}
