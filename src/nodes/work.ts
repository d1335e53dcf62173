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

  /**
   * Adds work; of each type one waits at a time. Resolves once it is durable.
   * @throws RequestError UNAVAILABLE where too many nodes have work that waits
   */
  async enqueue(ask: WorkAsk): Promise<{ revision: number; queued: WorkItem }> {
    const { document, world } = this.deps;
    const now = world.now();
    const { nodeId, type, priority = "normal", expiresInMs = DAY_MS } = ask;
    const expiresAtMs = now + expiresInMs;
    const fresh: WorkItem = { id: world.uuid(), type, priority, createdAtMs: now, expiresAtMs };
    const { answer: queued } = await document.decide((state) => {
      const work = workOf(state, nodeId);
      const over = gone(nodeId, expired(work, now));
      // It may still be on its way to the disk: this answer is no sooner than that.
      const waiting = dueItems(work.items, now).find((item) => item.type === type);
      if (waiting) return { changes: over, answer: waiting };
      const room = this.#room(state, { nodeId, now });
      const added: NodesChange = { op: "work", nodeId, item: fresh };
      return { changes: [...room, ...over, added], answer: fresh };
    });
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

  /**
   * Keeps a command for a node that cannot run it in the background.
   * @throws RequestError UNAVAILABLE where too many nodes have work that waits
   */
  async queueAction(
    nodeId: string,
    action: Pick<QueuedAction, "command" | "paramsJSON">,
  ): Promise<QueuedAction> {
    const { document, world, limits } = this.deps;
    const now = world.now();
    const queued = { ...action, id: world.uuid(), enqueuedAtMs: now };
    await document.decide((state) => {
      const { actions } = workOf(state, nodeId);
      const over = actions.slice(0, Math.max(0, actions.length + 1 - limits.nodeActions));
      const room = this.#room(state, { nodeId, now });
      const oldest = gone(
        nodeId,
        over.map(({ id }) => id),
      );
      const added: NodesChange = { op: "action", nodeId, action: queued };
      return { changes: [...room, ...oldest, added], answer: undefined };
    });
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
    return workOf(this.deps.document.working, nodeId);
  }

  /**
   * The changes that make room for one more node's work, none where there is: what expired goes.
   * @throws RequestError UNAVAILABLE where that is not enough
   */
  #room({ work }: NodesState, { nodeId, now }: { nodeId: string; now: number }): NodesChange[] {
    const { limits, refused } = this.deps;
    if (work.has(nodeId) || work.size < limits.nodeWork) return [];
    const changes: NodesChange[] = [];
    let emptied = 0;
    for (const [id, one] of work) {
      const stale = one.actions.filter(({ enqueuedAtMs }) => enqueuedAtMs <= now - DAY_MS);
      const ids = [...expired(one, now), ...stale.map((action) => action.id)];
      changes.push(...gone(id, ids));
      if (ids.length === one.items.length + one.actions.length) emptied += 1;
    }
    if (work.size - emptied < limits.nodeWork) return changes;
    refused("node-work-refused");
    throw unavailable("too much pending work", 60_000);
  }
}

function workOf({ work }: NodesState, nodeId: string): NodeWork {
  return work.get(nodeId) ?? nothing;
}

function gone(nodeId: string, ids: readonly string[]): NodesChange[] {
  return ids.length > 0 ? [{ op: "work-gone", nodeId, ids }] : [];
}

function expired({ items }: Pick<NodeWork, "items">, now: number): string[] {
  return items.filter(({ expiresAtMs }) => expiresAtMs <= now).map(({ id }) => id);
}
