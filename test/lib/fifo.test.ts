import fc from "fast-check";
import { expect, test } from "vitest";
import { Fifo } from "../../src/lib/fifo.ts";

test("what went in first comes out first, however often it is emptied", () => {
  const steps = fc.array(fc.oneof(fc.constant("shift" as const), fc.nat()), { maxLength: 400 });
  fc.assert(
    fc.property(steps, (all) => {
      const fifo = new Fifo<number>();
      const plain: number[] = [];
      for (const step of all) {
        if (step === "shift") expect(fifo.shift()).toBe(plain.shift());
        else {
          fifo.push(step);
          plain.push(step);
        }
        expect([fifo.size, fifo.first]).toEqual([plain.length, plain[0]]);
      }
    }),
  );
});

test("what was taken is not held on to", () => {
  const fifo = new Fifo<object>();
  for (let i = 0; i < 1_000; i += 1) fifo.push({ i });
  for (let i = 0; i < 999; i += 1) expect(fifo.shift()).toEqual({ i });
  expect([fifo.size, fifo.first]).toEqual([1, { i: 999 }]);
});
