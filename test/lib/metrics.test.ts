import { describe, expect, test } from "vitest";
import { LoopWatch } from "../../src/host/loop-gauge.ts";
import { Durations, durationBounds } from "../../src/lib/durations.ts";
import { Metrics, sample } from "../../src/lib/metrics.ts";

describe("durations", () => {
  test("fall into the first class that holds them, the bound included", () => {
    const durations = new Durations();
    for (const ms of [0, 0.05, 0.06, 2.5, 30_000, 30_001]) durations.record(ms);
    const at = (bound: number) => durations.counts[durationBounds.indexOf(bound as never)];
    expect([at(0.05), at(0.1), at(2.5), at(30_000), durations.counts.at(-1)]).toEqual([
      2, 1, 1, 1, 1,
    ]);
    expect(durations.count).toBe(6);
    expect(durations.totalMs).toBeCloseTo(60_003.61);
  });
});

describe("metrics", () => {
  test("are written as Prometheus reads them, with what is true when they are asked for", async () => {
    let count = 1;
    const durations = new Durations();
    durations.record(2);
    durations.record(60_000);
    const metrics = new Metrics([
      { name: "a_total", help: "Counts.", type: "counter", read: () => [sample(count)] },
      { name: "b", help: "Later.", type: "gauge", read: async () => [sample(2, { is: 'a"b' })] },
      { name: "c_seconds", help: "Times.", type: "histogram", read: () => [{ durations }] },
      { name: "d", help: "Nothing.", type: "gauge", read: () => [] },
    ]);
    const { text, type } = await metrics.text();
    expect(type).toBe("text/plain; version=0.0.4; charset=utf-8");
    const lines = text.split("\n");
    for (const line of [
      "# HELP a_total Counts.",
      "# TYPE a_total counter",
      "a_total 1",
      'b{is="a\\"b"} 2',
      "# TYPE c_seconds histogram",
      'c_seconds_bucket{le="0.001"} 0',
      'c_seconds_bucket{le="0.0025"} 1',
      'c_seconds_bucket{le="30"} 1',
      'c_seconds_bucket{le="+Inf"} 2',
      "c_seconds_sum 60.002",
      "c_seconds_count 2",
    ]) {
      expect(lines).toContain(line);
    }
    count = 5;
    expect((await metrics.text()).text).toContain("a_total 5\n");
  });
});

test("a turn that keeps the event loop is seen at the next look", async () => {
  const watch = new LoopWatch();
  const turns = async () => {
    for (let n = 0; n < 3; n += 1) await new Promise((resolve) => setTimeout(resolve, 30));
  };
  expect(watch.read().max).toBe(0);
  await turns();
  const until = performance.now() + 300;
  while (performance.now() < until);
  await turns();
  expect(watch.read().max).toBeGreaterThan(0.2);
  watch.close();
});
