import { expect, test } from "vitest";
import { samples } from "../../scripts/docs/errors.ts";

const waits = Object.values(samples)
  .flat()
  .filter(({ error }) => error.details?.["recommendedNextStep"] === "wait_then_retry");

test("there are refusals that tell a client to wait", () => {
  expect(waits.map(({ error }) => error.details?.["code"])).toEqual(
    expect.arrayContaining(["PAIRING_REQUIRED", "AUTH_RATE_LIMITED"]),
  );
});

test.each(waits.map(({ error }) => [error.details?.["code"], error] as const))(
  "%s says how long, where either kind of client looks",
  (_code, error) => {
    expect(error).toMatchObject({ retryable: true, retryAfterMs: expect.any(Number) });
    expect(error.retryAfterMs).toBeGreaterThan(0);
    expect(error.details).toMatchObject({ retryAfterMs: error.retryAfterMs });
  },
);

test("whatever may be tried again says when", () => {
  const retryable = Object.values(samples)
    .flat()
    .filter(({ error }) => error.retryable === true);
  expect(retryable.length).toBeGreaterThan(waits.length);
  for (const { error } of retryable) expect(error.retryAfterMs).toBeGreaterThan(0);
});
