import { defineConfig, type Plugin } from "vitest/config";

/** Templates that the build embeds are text here too. */
const templates: Plugin = {
  name: "templates",
  enforce: "pre",
  transform: (code, id) =>
    /\/deploy\/ssh\/[^/]+$/.test(id) ? `export default ${JSON.stringify(code)};` : undefined,
};

/** One process per test file (uWebSockets.js and argon2 are native, and sockets are global state). */
export default defineConfig({
  root: new URL("..", import.meta.url).pathname,
  plugins: [templates],
  test: {
    include: ["test/**/*.test.ts"],
    pool: "forks",
    maxWorkers: 2,
    testTimeout: 30_000,
    hookTimeout: 60_000,
    watch: false,
  },
});
