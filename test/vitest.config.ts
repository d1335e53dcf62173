import { defineConfig, type Plugin } from "vitest/config";
import { HANG_MS } from "./kit/until.ts";
import { ownNetwork } from "./vps/support/own-network.ts";

/** Templates that the build embeds are text here too. */
const templates: Plugin = {
  name: "templates",
  enforce: "pre",
  transform: (code, id) =>
    /\/deploy\/ssh\/[^/]+$/.test(id) ? `export default ${JSON.stringify(code)};` : undefined,
};

/** What boots machines or an engine, or gives itself addresses, does so in a network of its own. */
const NETWORKS = [
  "test/vps/**/*.test.ts",
  "test/container/**/*.test.ts",
  "test/siege/**/*-network.test.ts",
];

/** One process per test file (uWebSockets.js and argon2 are native, and sockets are global state). */
export default defineConfig({
  root: new URL("..", import.meta.url).pathname,
  plugins: [templates],
  test: {
    maxWorkers: 2,
    // For hangs alone, and larger than what a test's own waits say: those tell what did not come.
    testTimeout: 2 * HANG_MS,
    hookTimeout: 2 * HANG_MS,
    watch: false,
    projects: [
      {
        extends: true,
        test: { name: "tests", include: ["test/**/*.test.ts"], exclude: NETWORKS, pool: "forks" },
      },
      {
        extends: true,
        test: {
          name: "machines",
          include: NETWORKS,
          pool: ownNetwork,
          globalSetup: "test/kit/run-folder.ts",
        },
      },
    ],
  },
});
