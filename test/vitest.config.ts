import { defineConfig } from "vitest/config";
import { ownNetwork } from "./vps/support/own-network.ts";

const MACHINES = "test/vps/**/*.test.ts";

/** One process per test file (uWebSockets.js and argon2 are native, and sockets are global state). */
export default defineConfig({
  root: new URL("..", import.meta.url).pathname,
  test: {
    maxWorkers: 2,
    testTimeout: 30_000,
    hookTimeout: 60_000,
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
