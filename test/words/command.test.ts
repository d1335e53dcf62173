import { expect, test } from "vitest";
import { publicCommand } from "../../src/words/command.ts";

test.each([
  ["openclaw", "openclaw"],
  ["docker exec gateway openclaw", "docker exec gateway openclaw"],
  ["node /srv/x/dist/index.js", "openclaw"],
  ["node dist/index.js", "openclaw"],
  ["/usr/local/bin/openclaw", "openclaw"],
])("strangers read %s as %s", (command, shown) => {
  expect(publicCommand(command)).toBe(shown);
});
