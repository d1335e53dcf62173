import { defineConfig } from "vitest/config";
import { HANG_MS } from "./support/until.ts";
import { ownNetwork } from "./vps/support/own-network.ts";

const MACHINES = "test/vps/**/*.test.ts";

/** One process per test file (uWebSockets.js and argon2 are native, and sockets are global state). */
export default defineConfig({
  root: new URL("..", import.meta.url).pathname,
  test: {
    maxWorkers: 2,
    // For hangs alone, and larger than what a test's own waits say: those tell what did not come.
    testTimeout: 2 * HANG_MS,
    hookTimeout: 2 * HANG_MS,
    watch: false,
    projects: [
      {
        extends: true,
        test: { name: "tests", include: ["test/**/*.test.ts"], exclude: [MACHINES], pool: "forks" },
      },
      { extends: true, test: { name: "machines", include: [MACHINES], pool: ownNetwork } },
    ],
  },
});
