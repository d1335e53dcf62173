import { readFile, rm, writeFile } from "node:fs/promises";
import { afterEach, expect, test } from "vitest";
import { HANDED_ON } from "../../../src/words/container.ts";
import { SERVICE } from "../support/box.ts";
import { page } from "../support/docs.ts";
import { type Engine, FOLDER } from "../support/engine.ts";

interface Service {
  readonly environment: Readonly<Record<string, string | null>>;
  readonly labels?: Readonly<Record<string, string>>;
  readonly user?: string;
}

/** What Compose makes of the files that an owner writes beside the compose file. */
export function settings(engine: () => Engine): void {
  const path = (name: string) => engine().path(`${FOLDER}/${name}`);
  afterEach(async () => {
    for (const name of [".env", "compose.override.yaml"]) await rm(path(name), { force: true });
  });

  const service = async (lines: readonly string[]): Promise<Service> => {
    await writeFile(path(".env"), `${lines.join("\n")}\n`);
    const config = ["docker", "compose", "config", "--format", "json"];
    return JSON.parse(await engine().ok(config, { folder: FOLDER })).services[SERVICE];
  };

  test(".env sets the variables that hints name, and leaves the others as they are", async () => {
    const set = await service(HANDED_ON.map((name) => `${name}=value of ${name}`));
    for (const name of HANDED_ON) expect(set.environment[name]).toBe(`value of ${name}`);
    const unset = await service([]);
    for (const name of HANDED_ON) {
      expect(unset.environment[name]).toBe(name.endsWith("_BIND") ? "lan" : null);
    }
  });

  test("a file for Traefik and one of one's own are both read, as their lines say", async () => {
    await writeFile(path("compose.override.yaml"), `services: {${SERVICE}: {user: "1234:1234"}}\n`);
    const traefik = await readFile(path("compose.traefik.yaml"), "utf8");
    for (const text of [await page(), traefik]) {
      const [line = ""] = /COMPOSE_FILE=\S+compose\.override\.yaml/.exec(text) ?? [];
      const { user, labels } = await service([line, "OPENCLAW_DOMAIN=gateway.example.com"]);
      expect(user, line).toBe("1234:1234");
      expect(labels).toHaveProperty("traefik.enable");
    }
  });
}
