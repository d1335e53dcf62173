import { describe, expect, test } from "vitest";
import {
  asRoot,
  blank,
  type Command,
  commandText,
  openclaw,
  shell,
} from "../../src/protocol/command.ts";
import { callsOf, callsOfStopped } from "../../src/words/command.ts";

const container = { OPENCLAW_CONTAINER: "1", PATH: "" };
const EXEC = "docker compose exec openclaw-gateway";
const EDIT = shell`\${EDITOR:-nano} +3 ${"/data/openclaw.json"}`;

const shown = (command: Command, env: Record<string, string> = {}) =>
  commandText(command, callsOf({ ...container, ...env }));

describe("commands of a machine, where the gateway has a container", () => {
  test.each<[Command, string]>([
    [openclaw`devices list`, `${EXEC} node dist/index.js devices list`],
    [asRoot(openclaw`devices list`), `${EXEC} node dist/index.js devices list`],
    [openclaw`gateway run`, "docker compose up -d"],
    [openclaw`gateway stop`, "docker compose stop openclaw-gateway"],
    [openclaw`gateway restart`, `${EXEC} node dist/index.js gateway restart`],
    [openclaw`gateway run --help`, `${EXEC} node dist/index.js gateway run --help`],
    [asRoot(shell`systemctl start openclaw-gateway`), "docker compose start openclaw-gateway"],
    [
      asRoot(shell`systemctl restart ${"openclaw-gateway"}`),
      "docker compose restart openclaw-gateway",
    ],
    [shell`journalctl -u openclaw-gateway -n 50`, "docker compose logs openclaw-gateway"],
    [shell`ls -ld ${"/data"}`, `${EXEC} ls -ld /data`],
    [asRoot(shell`chmod 700 ${"/data"}`), `${EXEC} chmod 700 /data`],
    [shell`rm ${blank("/data/*.tmp")}`, `${EXEC} sh -c 'rm /data/*.tmp'`],
    [
      EDIT,
      "docker compose exec -T openclaw-gateway cat /data/openclaw.json > openclaw.json" +
        " && $" +
        "{EDITOR:-nano} +3 openclaw.json" +
        " && docker compose exec -T openclaw-gateway sh -c 'cat > /data/openclaw.json' < openclaw.json",
    ],
    // What is the host's stays the host's.
    [asRoot(shell`timedatectl set-ntp true`), "sudo timedatectl set-ntp true"],
    [{ ...openclaw`connect -`, at: "node" }, "openclaw connect -"],
    [{ ...shell`ls -l x`, at: "node" }, "ls -l x"],
  ])("%j is typed %s", (command, text) => {
    expect(shown(command)).toBe(text);
  });

  test.each<[string, Command, string]>([
    ["docker exec gw openclaw", shell`ls /data`, "docker exec gw ls /data"],
    ["docker exec gw openclaw", openclaw`gateway run`, "docker start gw"],
    ["docker exec -it gw openclaw", shell`journalctl -u openclaw-gateway`, "docker logs gw"],
    [
      "docker compose -f /srv/c.yaml exec gate openclaw",
      shell`systemctl restart openclaw-gateway`,
      "docker compose -f /srv/c.yaml restart gate",
    ],
    ["podman exec gw node /app/dist/index.js", shell`df -h /data`, "podman exec gw df -h /data"],
    // Nothing is known of it but that it reaches the program.
    ["in-the-box openclaw", shell`df -h /data`, "in-the-box df -h /data"],
    ["gate", shell`df -h /data`, "df -h /data"],
  ])("OPENCLAW_COMMAND=%s: %j is typed %s", (named, command, text) => {
    expect(shown(command, { OPENCLAW_COMMAND: named })).toBe(text);
  });

  test("a gateway that can't start gets its commands in a container of their own", () => {
    const typed = (command: Command, env = {}) =>
      commandText(command, callsOfStopped({ ...container, ...env }));
    const RUN = "docker compose run --rm openclaw-gateway";
    expect(typed(openclaw`config validate`)).toBe(`${RUN} node dist/index.js config validate`);
    expect(typed(shell`ls -ld /data`)).toBe(`${RUN} ls -ld /data`);
    const named = { OPENCLAW_COMMAND: "docker compose -f c.yaml exec -T gate openclaw" };
    expect(typed(openclaw`doctor`, named)).toBe(
      "docker compose -f c.yaml run --rm -T gate openclaw doctor",
    );
  });

  test("on a machine nothing is another", () => {
    for (const command of [EDIT, openclaw`gateway run`, shell`journalctl -u openclaw-gateway`]) {
      expect(commandText(command, callsOf({ PATH: "" }))).toBe(commandText(command));
    }
  });
});
