// Rows of the event loop's longest turn: while a snapshot is written, and while devices are listed.
// Counted is time on the core: what other processes take from this one is not its doing.
import { result } from "../result.mjs";
import { perSize, REQUESTS, sizesOf } from "./sizes.mjs";
import { IdleNode, States } from "./states.mjs";

/** @typedef {import("./states.mjs").Subject} Subject */

/** The control blocks the loop once for so long. */
const BLOCK_MS = 60;

export const turnRows = [
  ...perSize("stall-snapshot", "longest turn while a snapshot is written", { unit: "ms" }),
  ...perSize("stall-pages", "longest turn while all is listed by pages, and searched", {
    unit: "ms",
  }),
  ...perSize("stall-whole", "longest turn while the whole list is asked for", { unit: "ms" }),
];

/** @type {Record<string, (states: States, subject: Subject) => Promise<void>>} */
const work = {
  "stall-snapshot": (states, subject) => states.settle(subject),
  "stall-pages": async (_states, subject) => {
    const admin = await subject.admin();
    let cursor = "";
    do {
      const page = { limit: 1000, ...(cursor !== "" && { cursor }) };
      cursor = (await admin.ask("device.pair.list", page)).nextCursor ?? "";
    } while (cursor !== "");
    await admin.ask("device.pair.list", { query: "küche 12", limit: 1000 });
    await admin.ask("device.pair.list", { staleBeforeMs: Date.now() - 90 * 86_400_000 });
    admin.close();
  },
  "stall-whole": async (_states, subject) => {
    const admin = await subject.admin();
    await admin.ask("device.pair.list");
    admin.close();
  },
};

/** @type {import("../result.mjs").Measure} */
export async function measureTurns(bench, rows, effort) {
  const rounds = { full: 5, quick: 2, once: 2 }[effort];
  const idle = await IdleNode.start(bench.folder);
  const results = [];
  for (const size of sizesOf(rows)) {
    const own = rows.filter(({ id }) => id.endsWith(`-${size.id}`));
    const samples = own.map(() => ({ floor: [0], ours: [0], control: [0] }));
    for (const one of samples) Object.assign(one, { floor: [], ours: [], control: [] });
    for (let round = 0; round < rounds; round += 1) {
      for (const name of /** @type {const} */ (["ours", "control"])) {
        // A fresh copy has its snapshot to write.
        const states = States.of(bench[name]);
        const state = await states.copy({ devices: size.devices, requests: REQUESTS });
        const slow = name === "control" ? { blockMs: BLOCK_MS } : {};
        const subject = await states.start(state, slow);
        for (const [index, row] of own.entries()) {
          await idle.longestTurn();
          await subject.longestTurn();
          await work[row.id.replace(`-${size.id}`, "")]?.(states, subject);
          await pause();
          samples[index]?.[name].push((await subject.longestTurn()).own);
          if (name === "ours") samples[index]?.floor.push((await idle.longestTurn()).own);
        }
        await subject.remove();
      }
    }
    own.forEach((row, index) => {
      const all = samples[index];
      if (!all) return;
      const added = BLOCK_MS - Math.min(...all.ours);
      results.push(result(row, { ...all, added, operations: rounds }));
    });
  }
  await idle.stop();
  return results;
}

/** Long enough for the control's block. */
function pause() {
  return new Promise((resolve) => setTimeout(resolve, 150));
}
