import type { World } from "../lib/world.ts";
import type { Limits } from "../limits/table.ts";
import { unavailable } from "../protocol/errors.ts";
import type { Part } from "../store/parts.ts";
import type { NodesChange, NodesState, NodeWork, QueuedAction, WorkItem } from "./records.ts";

const DAY_MS = 24 * 60 * 60 * 1000;
const DEFAULT_ITEMS = 4;
/** A node is asked for its status at every drain, asked for or not. */
const BASELINE = "baseline-status";
const rank = { high: 0, normal: 1, default: 2 } as const;

interface Deps {
  readonly document: Part<NodesState, NodesChange>;
  readonly world: Pick<World, "now" | "uuid">;
  readonly limits: Pick<Limits, "nodeWork" | "nodeActions">;
  readonly refused: (metric: string) => void;
}

/** What operators ask of a node that is away. */
export interface WorkAsk {
  readonly nodeId: string;
  readonly type: string;
  readonly priority?: "normal" | "high" | undefined;
  readonly expiresInMs?: number | undefined;
}

/** What `node.pending.drain` gives out. */
export interface Drained {
  readonly revision: number;
  readonly items: readonly (Omit<WorkItem, "expiresAtMs"> & { expiresAtMs: number | null })[];
  readonly hasMore: boolean;
}

const nothing: NodeWork = { revision: 0, items: [], actions: [] };

/** The part of `items` that has not expired at `now`, most urgent first, then oldest first. */
function dueItems(items: readonly WorkItem[], now: number): WorkItem[] {
  return items
    .filter(({ expiresAtMs }) => expiresAtMs > now)
    .sort((a, b) => rank[a.priority] - rank[b.priority] || a.createdAtMs - b.createdAtMs);
}

/** Work that waits for nodes; durable before the caller is told that it waits. */
export class WorkQueue {
  constructor(private readonly deps: Deps) {}

  /** Adds work; of each type one waits at a time. Resolves once it is durable. */
  async enqueue(ask: WorkAsk): Promise<{ revision: number; queued: WorkItem }> {
    const { document, world } = this.deps;
    const now = world.now();
    const { nodeId, type, priority = "normal", expiresInMs = DAY_MS } = ask;
    const work = this.#work(nodeId);
    const waiting = dueItems(work.items, now).find((item) => item.type === type);
    if (waiting) {
      // It may still be on its way to the disk: this answer is no sooner than that.
      await document.commit([{ op: "work-gone", nodeId, ids: expired(work, now) }]);
      return { revision: this.#work(nodeId).revision, queued: waiting };
    }
    this.#makeRoom(nodeId, now);
    const queued: WorkItem = {
      id: world.uuid(),
      type,
      priority,
      createdAtMs: now,
      expiresAtMs: now + expiresInMs,
    };
    const gone: NodesChange = { op: "work-gone", nodeId, ids: expired(work, now) };
    const changes: NodesChange[] = [{ op: "work", nodeId, item: queued }];
    await document.commit(gone.ids.length > 0 ? [gone, ...changes] : changes);
    return { revision: this.#work(nodeId).revision, queued };
  }

  /**
   * Gives work out and forgets it. Forgetting is not waited for: after a crash a node may be given
   * the same work once more, but work is never lost between disk and node.
   */
  drain(nodeId: string, maxItems = DEFAULT_ITEMS): Drained {
    const now = this.deps.world.now();
    const { items, revision } = this.#work(nodeId);
    const due = dueItems(items, now);
    const given = due.slice(0, maxItems);
    const ids = [...given.map(({ id }) => id), ...expired({ items }, now)];
    if (ids.length > 0) this.deps.document.later([{ op: "work-gone", nodeId, ids }]);
    const wantsStatus = !due.some(({ type }) => type === "status.request");
    const fits = given.length < maxItems;
    const baseline = {
      id: BASELINE,
      type: "status.request",
      priority: "default" as const,
      createdAtMs: now,
      expiresAtMs: null,
    };
    return {
      revision: ids.length > 0 ? revision + 1 : revision,
      items: wantsStatus && fits ? [...given, baseline] : given,
      hasMore: due.length > given.length || (wantsStatus && !fits),
    };
  }

  /** Keeps a command for a node that cannot run it in the background. */
  async queueAction(
    nodeId: string,
    action: Pick<QueuedAction, "command" | "paramsJSON">,
  ): Promise<QueuedAction> {
    const { document, world, limits } = this.deps;
    this.#makeRoom(nodeId, world.now());
    const queued = { ...action, id: world.uuid(), enqueuedAtMs: world.now() };
    const { actions } = this.#work(nodeId);
    const over = actions.slice(0, Math.max(0, actions.length + 1 - limits.nodeActions));
    const changes: NodesChange[] = [{ op: "action", nodeId, action: queued }];
    const ids = over.map(({ id }) => id);
    if (ids.length > 0) changes.unshift({ op: "work-gone", nodeId, ids });
    await document.commit(changes);
    return queued;
  }

  /** Commands kept for a node, oldest first. They stay until the node acknowledges them. */
  actions(nodeId: string): readonly QueuedAction[] {
    const oldest = this.deps.world.now() - DAY_MS;
    const { actions } = this.deps.document.durable.work.get(nodeId) ?? nothing;
    return actions.filter(({ enqueuedAtMs }) => enqueuedAtMs > oldest);
  }

  /** Ends commands the node has taken; resolves with how many are left once that is durable. */
  async acknowledge(nodeId: string, ids: readonly string[]): Promise<number> {
    await this.deps.document.commit([{ op: "work-gone", nodeId, ids }]);
    return this.actions(nodeId).length;
  }

  #work(nodeId: string): NodeWork {
    return this.deps.document.working.work.get(nodeId) ?? nothing;
  }

  /** Room for one more node's work: what expired goes first. */
  #makeRoom(nodeId: string, now: number): void {
    const { document, limits, refused } = this.deps;
    const { work } = document.working;
    if (work.has(nodeId) || work.size < limits.nodeWork) return;
    for (const [id, one] of work) {
      const ids = expired(one, now);
      const stale = one.actions.filter(({ enqueuedAtMs }) => enqueuedAtMs <= now - DAY_MS);
      const gone = [...ids, ...stale.map((action) => action.id)];
      if (gone.length > 0) document.later([{ op: "work-gone", nodeId: id, ids: gone }]);
    }
    if (document.working.work.size < limits.nodeWork) return;
    refused("node-work-refused");
    throw unavailable("too much pending work", 60_000);
  }
}

function expired({ items }: Pick<NodeWork, "items">, now: number): string[] {
  return items.filter(({ expiresAtMs }) => expiresAtMs <= now).map(({ id }) => id);
}
