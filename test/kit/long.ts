import { test } from "vitest";

/** Whether tests do all that they can: `scripts/test.sh --long`. */
export const LONG = process.env["LONG"] === "1";

type Run = (name: string, run: () => Promise<void>, timeoutMs: number) => void;
type Cases = readonly (readonly [string, string])[];
type RunEach = (
  name: string,
  run: (first: string, second: string) => Promise<void>,
  timeoutMs: number,
) => void;

/** A test of the long run alone. Otherwise there is none, so it is not said to be skipped. */
export const longTest: Run & { each(cases: Cases): RunEach } = Object.assign<
  Run,
  { each(cases: Cases): RunEach }
>(
  (name, run, timeoutMs) => {
    if (LONG) test(name, run, timeoutMs);
  },
  {
    each: (cases) => (name, run, timeoutMs) => {
      if (LONG) test.each(cases)(name, (first, second) => run(first, second), timeoutMs);
    },
  },
);
