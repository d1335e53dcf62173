// Row of a crowd that is told who is there: everyone gets the whole list, which must hold nobody up.
import { setTimeout as sleep } from "node:timers/promises";
import { result } from "../result.mjs";
import { IdleNode, States } from "../state/states.mjs";
import { Crowd, samples } from "./crowd.mjs";

const PAGES = 2_000;
/** By then every page has been told once more after the last one came. */
const WATCH_MS = 8_000;
/** The control blocks the loop once for so long. */
const BLOCK_MS = 200;

const row = {
  id: "presence-turn",
  title: "longest turn while 2,000 pages are told of each other",
  unit: "ms",
};

/** @type {readonly import("../result.mjs").Group[]} */
export const presenceGroups = [{ rows: [row], measure: measureTurn }];

/** Counted is time on the core: what other processes take from this one is not its doing. */
/** @type {import("../result.mjs").Measure} */
async function measureTurn(bench, _rows, effort) {
  const rounds = { full: 2, quick: 1, once: 1 }[effort];
  const idle = await IdleNode.start(bench.folder);
  const turns = samples();
  for (let round = 0; round < rounds; round += 1) {
    for (const name of /** @type {const} */ (["ours", "control"])) {
      const slow = name === "control" ? { blockMs: BLOCK_MS } : {};
      const build = bench[name];
      const subject = await States.of(build).start(await build.freshState(), slow);
      const crowd = await Crowd.start(subject.server);
      await crowd.growTo(PAGES, { mode: "ui" });
      await subject.longestTurn();
      await idle.longestTurn();
      await sleep(WATCH_MS);
      turns[name].push((await subject.longestTurn()).own);
      if (name === "ours") turns.floor.push((await idle.longestTurn()).own);
      await crowd.stop();
    }
  }
  await idle.stop();
  const added = BLOCK_MS - Math.min(...turns.ours);
  return [result(row, { ...turns, added, operations: rounds * PAGES })];
}
