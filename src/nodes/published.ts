import type { Limits } from "../limits/table.ts";
import { invalidRequest, unavailable } from "../protocol/errors.ts";
import type { NodeSession } from "./sessions.ts";

/** What a node may publish while it is connected. */
export type PublishedKind = "skills" | "tools";

interface Deps {
  readonly limits: Pick<Limits, "nodePublishedBytes" | "nodePublishedTotalBytes">;
  readonly refused: (metric: string) => void;
}

/** Bounds what connected nodes publish, each and in all. */
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
    const total = this.#total - before[kind] + size;
    if (total > limits.nodePublishedTotalBytes) {
      refused("node-published-refused");
      throw unavailable("nodes publish too much together", 60_000);
    }
    this.#total = total;
    this.#bytes.set(session, { ...before, [kind]: size });
    session[kind] = items;
  }

  /** `session` is gone, or another one of its node took over. */
  forget(session: NodeSession): void {
    session.skills = [];
    session.tools = [];
    const { skills = 0, tools = 0 } = this.#bytes.get(session) ?? {};
    this.#total -= skills + tools;
    this.#bytes.delete(session);
  }
}
