import type { Limits } from "../limits/table.ts";
import { invalidRequest, unavailable } from "../protocol/errors.ts";
import type { NodeSession } from "./sessions.ts";

/** What a node may publish while it is connected. */
export type PublishedKind = "skills" | "tools";

interface Deps {
  readonly limits: Pick<Limits, "nodePublishedBytes" | "nodePublishedTotalBytes">;
  readonly refused: (metric: string) => void;
  /** Whether another connection of the same node serves. */
  readonly standsBy: (session: NodeSession) => boolean;
}

/**
 * Bounds what connected nodes publish, each and in all. What a connection publishes that only stands by is
 * kept while there is room.
 */
export class Published {
  readonly #bytes = new Map<NodeSession, Record<PublishedKind, number>>();
  #total = 0;

  constructor(private readonly deps: Deps) {}

  get total(): number {
    return this.#total;
  }

  /** Replaces what `session` publishes. @throws RequestError */
  replace(session: NodeSession, kind: PublishedKind, items: readonly unknown[]): void {
    const { limits, refused } = this.deps;
    const size = Buffer.byteLength(JSON.stringify(items));
    if (size > limits.nodePublishedBytes) throw invalidRequest(`${kind} too large`);
    const before = this.#bytes.get(session) ?? { skills: 0, tools: 0 };
    const most = limits.nodePublishedTotalBytes;
    if (this.#total - before[kind] + size > most) this.#makeRoom(session);
    const total = this.#total - before[kind] + size;
    if (total > most) {
      refused("node-published-refused");
      throw unavailable("nodes publish too much together", 60_000);
    }
    this.#total = total;
    this.#bytes.set(session, { ...before, [kind]: size });
    session[kind] = items;
  }

  /** Those that stand by publish nothing any more, for one that serves. */
  #makeRoom(session: NodeSession): void {
    const { standsBy } = this.deps;
    if (standsBy(session)) return;
    for (const one of [...this.#bytes.keys()]) if (standsBy(one)) this.forget(one);
  }

  /** `session` is gone. */
  forget(session: NodeSession): void {
    session.skills = [];
    session.tools = [];
    const { skills = 0, tools = 0 } = this.#bytes.get(session) ?? {};
    this.#total -= skills + tools;
    this.#bytes.delete(session);
  }
}
