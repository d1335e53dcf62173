import fc from "fast-check";
import { expect, test } from "vitest";
import { type Document, openDocument } from "../../src/store/document.ts";
import { StoreError } from "../../src/store/errors.ts";
import { HandWorld } from "../kit/world.ts";
import { type Fault, MemoryFiles } from "./support/memory-files.ts";
import { type Tally, type TallyChange, tallyShape } from "./support/shapes.ts";

/**
 * Random commits, random faults, power cuts and kills at random steps, reopened again and again.
 * After every reopening, with the disk in any state that a real one could be in:
 *
 * - every change that was acknowledged as durable is there;
 * - no change that was refused is there (except where the refusal said that it might be);
 * - no change is there twice, and all are in the order in which they were asked for;
 * - whatever was there at the last opening still is;
 * - when an outcome arrived, the views of that moment agreed with it.
 */
const limits = { journalBytes: 400, reserveBytes: 16, groupBytes: 30, laterMs: 50, retryMs: 10 };

type Action =
  | { do: "commit" | "urgent" | "later" | "pair" }
  | { do: "turn" | "advance"; by: number };

const action: fc.Arbitrary<Action> = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom<Action>({ do: "commit" }, { do: "pair" }) },
  { weight: 1, arbitrary: fc.constant<Action>({ do: "urgent" }) },
  { weight: 2, arbitrary: fc.constant<Action>({ do: "later" }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant("turn" as const), by: fc.nat(6) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("advance" as const), by: fc.nat(40_000) }) },
);

const fault: fc.Arbitrary<Fault> = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom<Fault>({ error: "EIO" }, { error: "ENOSPC" }) },
  { weight: 2, arbitrary: fc.record({ short: fc.nat(40) }) },
  { weight: 2, arbitrary: fc.constant<Fault>({ crash: true }) },
);

const session = fc.record({
  actions: fc.array(action, { maxLength: 40 }),
  faults: fc.array(fc.tuple(fc.nat(120), fault), { maxLength: 6 }),
  /** The step of the opening itself that is cut off or fails, if it has that many. */
  opening: fc.option(fc.tuple(fc.nat(25), fault), { freq: 3 }),
  picks: fc.array(fc.nat(1_000), { minLength: 1, maxLength: 20 }),
  end: fc.constantFrom("power", "kill", "close"),
});

/** What was promised about each number so far. */
class Promises {
  next = 0;
  durable = new Set<number>();
  refused = new Set<number>();
  /** Numbers that a view showed, or hid, against their outcome. */
  broken: number[] = [];
}

async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn += 1) await new Promise((done) => setImmediate(done));
}

function act(document: Document<Tally, TallyChange>, promises: Promises, what: Action["do"]): void {
  const ids = Array.from({ length: what === "pair" ? 2 : 1 }, () => promises.next++);
  const changes = ids.map((add) => ({ add }));
  if (what === "later") {
    document.later(changes);
    return;
  }
  document.commit(changes, { urgent: what === "urgent" }).then(
    ({ durable }) => {
      for (const id of ids) {
        if (!document.durable.ids.includes(id)) promises.broken.push(id);
        if (durable) promises.durable.add(id);
      }
    },
    (error) => {
      if (!(error instanceof StoreError)) throw error;
      for (const id of ids) {
        if (document.working.ids.includes(id)) promises.broken.push(id);
        if (!error.uncertain) promises.refused.add(id);
      }
    },
  );
}

function check(document: Document<Tally, TallyChange>, promises: Promises): void {
  const { ids } = document.durable;
  expect(ids).toEqual([...new Set(ids)].sort((a, b) => a - b));
  for (const id of promises.durable) expect(ids).toContain(id);
  for (const id of promises.refused) expect(ids).not.toContain(id);
  expect(document.working.ids).toEqual(ids);
  expect(promises.broken).toEqual([]);
  for (const id of ids) promises.durable.add(id);
}

/** A disk that fails may keep a document shut, but must not make it look damaged. */
function refusedToOpen(error: unknown): undefined {
  expect(error).toBeInstanceOf(StoreError);
  expect(error).not.toMatchObject({ code: "STORE_DAMAGED" });
}

async function run(
  fs: MemoryFiles,
  promises: Promises,
  {
    actions,
    faults,
    opening,
    picks,
    end,
  }: typeof session extends fc.Arbitrary<infer S> ? S : never,
): Promise<MemoryFiles> {
  const world = new HandWorld();
  let index = 0;
  const pick = (most: number) => (picks[index++ % picks.length] ?? 0) % (most + 1);
  fs.plan = (step) => (step.index === opening?.[0] ? opening[1] : undefined);
  const options = { folder: "/state", world, fs, limits };
  const document = await Promise.race([
    openDocument(tallyShape, options).catch(refusedToOpen),
    turns(60),
  ]);
  if (!document) {
    fs.plan = () => ({ crash: true });
    return end === "kill" ? fs.afterKill() : fs.afterPowerCut(pick);
  }
  check(document, promises);
  const first = fs.steps.length;
  fs.plan = ({ index }) => faults.find(([at]) => at === index - first)?.[1];
  for (const step of actions) {
    if (step.do === "turn") await turns(step.by);
    else if (step.do === "advance") world.advance(step.by);
    else act(document, promises, step.do);
  }
  if (end === "close") {
    fs.plan = () => undefined;
    await Promise.race([document.close(), turns(200)]);
  } else {
    await turns(picks.length);
  }
  fs.plan = () => ({ crash: true });
  return end === "kill" ? fs.afterKill() : fs.afterPowerCut(pick);
}

test("nothing acknowledged is lost and nothing refused appears, whatever happens", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(session, { minLength: 1, maxLength: 4 }), async (sessions) => {
      let fs = new MemoryFiles();
      const promises = new Promises();
      for (const each of sessions) fs = await run(fs, promises, each);
      const world = new HandWorld();
      const document = await openDocument(tallyShape, { folder: "/state", world, fs, limits });
      check(document, promises);
    }),
    { numRuns: Number(process.env["STORE_RUNS"] ?? 150) },
  );
});
