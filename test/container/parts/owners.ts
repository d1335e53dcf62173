import { writeFile } from "node:fs/promises";
import { afterEach, expect, test } from "vitest";
import { makeDevice, RawClient } from "../../kit/client.ts";
import { until } from "../../kit/until.ts";
import { Box, type LogLine } from "../support/box.ts";
import { block } from "../support/docs.ts";
import type { Engine } from "../support/engine.ts";

const FOLDER_OF_MINE = "/root/mine";

/** Files that the gateway's user can't use: each is told with the line that helps, which is then typed. */
export function owners(engine: () => Engine): void {
  let box: Box | undefined;
  afterEach(async () => {
    await box?.down();
    box = undefined;
  });

  /** Starts a gateway that can't; resolves with the line that says why. */
  const refused = async (code: number): Promise<LogLine> => {
    if (box === undefined) throw new Error("no box");
    await box.up();
    const why = await until(
      async () => (await box?.lines())?.find(({ level }) => level >= 60),
      "why",
    );
    expect(await box.inspect(".State.ExitCode"), why.msg).toBe(code);
    return why;
  };
  /** Types the `chown` of a line as root of the machine, for this path. */
  const give = async ({ next = "" }: LogLine, path: string, expected: string) => {
    const [command = ""] = /(?:sudo )?chown [^()\n]*?(?:FOLDER|FILE)/.exec(next) ?? [];
    expect(command.replace(/^sudo /, ""), next).toBe(expected);
    await engine().ok(["sh", "-c", expected.replace(/FOLDER|FILE/, path)]);
  };

  test("a folder that Docker made as root", async () => {
    const volumes = [`${FOLDER_OF_MINE}:/data`];
    box = new Box(engine(), "folder", { service: { volumes, restart: "no" } });
    const why = await refused(6);
    await give(why, FOLDER_OF_MINE, "chown -R 1000:1000 FOLDER");
    await box.healthy();
  });

  test("a volume of another user", async () => {
    box = new Box(engine(), "user", { service: { user: "1234", restart: "no" } });
    const why = await refused(78);
    await give(why, await volumeOf(box), "chown -R 1234:0 FOLDER");
    await box.healthy();
    const { stdout } = await box.exec(["id", "-u"]);
    expect(stdout.trim()).toBe("1234");
  });

  test("a volume that is root's, by the line for a rootless engine", async () => {
    box = new Box(engine(), "rootless", { service: { restart: "no" } });
    await box.ok(["create"]);
    const path = await volumeOf(box);
    // With a folder that is closed to root without rights as well.
    const make = `cd ${path} && mkdir -m 700 deep && touch deep/file && chown 0:0 . && chown -R 1234 deep`;
    await engine().ok(["sh", "-c", make]);
    await refused(78);
    await box.script(await block("A folder of yours, another user", 2));
    await box.healthy();
    const { stdout } = await box.exec(["stat", "-c", "%u:%g", "/data", "/data/deep/file"]);
    expect(stdout).toBe("1000:1000\n1000:1000\n");
  });

  test("a secret that is root's alone", async () => {
    const file = "/root/shared-token";
    await writeFile(engine().path(file), "a-token-of-the-owner\n", { mode: 0o600 });
    box = new Box(engine(), "secret", {
      env: { OPENCLAW_TOKEN_FILE: file },
      service: { restart: "no" },
    });
    const why = await refused(78);
    await give(why, file, "chown 1000:1000 FILE");
    await box.healthy();
    const answers = ["a-token-of-the-owner", "another-token"].map(async (token) => {
      const client = await RawClient.open((box as Box).url);
      const { error } = await client.connect({ device: makeDevice(), auth: { token } });
      return error.details.code;
    });
    expect(await Promise.all(answers)).toEqual(["PAIRING_REQUIRED", "AUTH_TOKEN_MISMATCH"]);
    expect(await box.logs()).not.toContain("a-token-of-the-owner");
    const known = await engine().ok(["docker", "inspect", await box.id()]);
    expect(known).not.toContain("a-token-of-the-owner");
  });
}

/** Where the engine keeps what is mounted at /data; its list, with the secret's file, has no order. */
async function volumeOf(box: Box): Promise<string> {
  const mounts = await box.inspect<{ Source: string; Destination: string }[]>(".Mounts");
  const path = mounts.find(({ Destination }) => Destination === "/data")?.Source;
  if (path === undefined) throw new Error(`nothing is mounted at /data: ${JSON.stringify(mounts)}`);
  return path;
}
