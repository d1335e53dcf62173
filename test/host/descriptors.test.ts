import { expect, test } from "vitest";
import { connectionsThatFit, openFilesLimit } from "../../src/host/descriptors.ts";

test.each([
  [16_000, 1_048_576, 16_000],
  [16_000, 1_024, 832],
  [16_000, 256, 64],
  [16_000, 100, 16],
  [50, 1_024, 50],
])("of %d connections, with %s open files, %d fit", (wanted, openFiles, fit) => {
  expect(connectionsThatFit(wanted, openFiles)).toBe(fit);
});

test.skipIf(process.platform !== "linux")("the kernel says how many files may be open", () => {
  expect(openFilesLimit()).toBeGreaterThan(100);
});
