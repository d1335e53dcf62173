import { expect, test } from "vitest";
import { publicCommand } from "../../src/words/command.ts";

test.each([
  ["openclaw", "openclaw"],
  ["docker exec gateway openclaw", "docker exec gateway openclaw"],
  [
    "docker compose exec openclaw-gateway openclaw",
    "docker compose exec openclaw-gateway openclaw",
  ],
  // A path behind what enters a container is one of that.
  ["docker compose exec gw node dist/index.js", "docker compose exec gw node dist/index.js"],
  ["sudo docker exec gw node /app/dist/index.js", "sudo docker exec gw node /app/dist/index.js"],
  ["docker compose -f /home/ann/gw/compose.yaml exec gw openclaw", "openclaw"],
  ["/opt/docker exec gw openclaw", "openclaw"],
  ["node /srv/x/dist/index.js", "openclaw"],
  ["node dist/index.js", "openclaw"],
  ["/usr/local/bin/openclaw", "openclaw"],
])("strangers read %s as %s", (command, shown) => {
  expect(publicCommand(command)).toBe(shown);
});
