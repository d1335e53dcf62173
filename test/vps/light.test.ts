import { readFile, writeFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Reference, ReferenceDevice } from "../kit/reference.ts";
import { until } from "../kit/until.ts";
import { Vps } from "../kit/vps.ts";
import { BASE_MS, STEP_MS, whyNoVps } from "../kit/vps-base.ts";
import { RELEASE_MS } from "../release/support/release.ts";
import { Installing } from "./support/installing.ts";
import { publishAs } from "./support/next-release.ts";
import { RENTED } from "./support/rented.ts";
import { changesOf, snapshot } from "./support/snapshot.ts";

const UNIT = "openclaw-gateway.service";
const PREFIX = "/opt/openclaw-gateway";
/** A disk for /opt alone, a little larger than one Node.js and a few releases. */
const DISK_MB = 200;

const reason = whyNoVps();
if (reason) console.log(`The tests of upgrades are skipped: ${reason}.`);

let installing: Installing;
let vps: Vps;

/** Names that were fetched by a run. */
async function fetchedBy(...words: string[]): Promise<string[]> {
  installing.publisher.asked.length = 0;
  await installing.ok(vps, ...words);
  return installing.publisher.asked.filter((url) => url.endsWith(".tar.gz"));
}

const releases = async () => (await vps.ok(["ls", `${PREFIX}/releases`])).trim().split("\n").sort();
const everything = async () =>
  [await snapshot(vps), await vps.ok(["find", "/opt", "-printf", "%p %y %m %s %l\n"])] as const;

/** Takes all but `mb` megabytes of /opt. */
async function leave(mb: number): Promise<void> {
  await vps.ok(["rm", "-f", "/opt/filler"]);
  const free = Number((await vps.ok(["df", "-Pm", "/opt"])).trim().split(/\s+/).at(-3));
  await vps.ok(["fallocate", "-l", `${free - mb}M`, "/opt/filler"]);
}

describe.skipIf(reason !== undefined).each(RENTED)("an upgrade: %s", (kind) => {
  beforeAll(async () => {
    installing = await Installing.publish(kind);
    vps = await Vps.boot(kind);
    await vps.ok(["mount", "-t", "tmpfs", "-o", `size=${DISK_MB}M,mode=755`, "tmpfs", "/opt"]);
  }, RELEASE_MS + BASE_MS);
  afterAll(async () => {
    await vps?.close();
    await installing?.close();
  });

  test(
    "fetches Node.js only when its version changes, keeps two releases, and needs little of the disk",
    async () => {
      await leave(60);
      const before = await everything();
      const small = await installing.run(vps, "--no-nginx");
      expect(small.code).toBe(3);
      expect(small.stderr).toMatch(/60 MB are free on the file system \/opt; 1\d\d are needed/);
      expect(await everything()).toEqual(before);
      await vps.ok(["rm", "/opt/filler"]);

      const first = await fetchedBy("--no-nginx");
      expect(first.filter((url) => url.includes("/node-"))).toHaveLength(1);
      const [old = ""] = await releases();
      await leave(40);
      for (const version of ["8.0.0", "8.0.1"]) {
        await publishAs(installing, version);
        const fetched = await fetchedBy();
        expect(fetched.filter((url) => url.includes("/node-"))).toEqual([]);
        expect(fetched.filter((url) => url.includes("/openclaw-gateway-8"))).toHaveLength(1);
        expect(await vps.ok(["openclaw", "gateway", "status", "--json"])).toContain(
          '"running": true',
        );
      }
      expect(await releases()).toEqual(["8.0.0", "8.0.1"]);
      // The one before is there for a way back, with nothing to fetch but the installer.
      const back = await fetchedBy("--version", "8.0.0");
      expect(back.filter((url) => !url.includes("installer"))).toEqual([]);
      expect(await releases()).toEqual(["8.0.0", "8.0.1"]);
      expect(old).not.toMatch(/^8/);
    },
    STEP_MS,
  );

  test(
    "says how many clients it dropped, and that it dropped none where it restarted nothing",
    async () => {
      const token = (await vps.ok(["openclaw", "token", "new"])).trim();
      const connects = async () => {
        const options = { device: new ReferenceDevice(), token, scopes: ["operator.read"] };
        const client = Reference.start("ws://127.0.0.1:18789", options);
        clients.push(client);
        const { requestId } = (await client.refusal()).details;
        await vps.ok(["openclaw", "devices", "approve", requestId]);
        await client.hello();
      };
      const clients: Reference[] = [];
      try {
        await connects();
        expect(await installing.ok(vps)).toMatch(
          /^Done in .*\n {2}1 client was connected and dropped; the gateway was away for \d+\.\d s, and it comes back by itself\.$/m,
        );
        await clients[0]?.hello(2);
        await connects();
        expect(await installing.ok(vps, "--version", "8.0.0")).toMatch(
          /^Done in .*\n {2}2 clients were connected and dropped; the gateway was away for \d+\.\d s, and they come back by themselves\.$/m,
        );
        await clients[0]?.hello(3);
        await clients[1]?.hello(2);
        const closes = () => clients.map((client) => client.closes.length);
        const before = closes();
        await vps.ok(["rm", "/usr/local/bin/openclaw"]);
        expect(await installing.ok(vps, "--version", "8.0.0")).toMatch(
          /^Done in .*\n {2}the gateway was not restarted, and no client was dropped\.$/m,
        );
        expect(closes()).toEqual(before);
      } finally {
        await Promise.all(clients.map((client) => client.stop()));
      }
      const status = async () =>
        JSON.parse(await vps.ok(["openclaw", "gateway", "status", "--json"])).connections;
      await until(
        async () => Object.values(await status()).every((n) => n === 0),
        "all to be gone",
      );
      expect(await installing.ok(vps)).toMatch(
        /^Done in .*\n {2}the gateway was away for \d+\.\d s; no client was connected\.$/m,
      );
    },
    STEP_MS,
  );

  test(
    "says in words that the disk is full, leaves nothing half, and the gateway as it was",
    async () => {
      await publishAs(installing, "8.0.2");
      const before = await everything();
      const since = await vps.property(UNIT, "ActiveEnterTimestampMonotonic");
      // The disk fills up while the installer unpacks.
      const tar = "/usr/local/sbin/tar";
      await writeFile(
        vps.path(tar),
        '#!/bin/sh\ncase "$*" in *openclaw-new*) cat /dev/zero >/opt/full 2>/dev/null ;; esac\nexec /usr/bin/tar "$@"\n',
        { mode: 0o755 },
      );
      const { code, stdout, stderr } = await installing.run(vps);
      await vps.ok(["rm", tar, "/opt/full"]);
      expect(code).not.toBe(0);
      expect(`${stdout}${stderr}`).toContain(
        `the disk is full: nothing more can be written to ${PREFIX}`,
      );
      expect(stderr).toContain("everything it did was undone");
      expect(stderr).toContain(`next: free some space on ${PREFIX}`);
      const after = await everything();
      expect(changesOf(before[0], after[0])).toEqual([]);
      expect(after[1]).toBe(before[1]);
      expect(await vps.property(UNIT, "ActiveEnterTimestampMonotonic")).toBe(since);
    },
    STEP_MS,
  );

  test(
    "on a full disk for the installer's own journal loses neither it nor what it had saved",
    async () => {
      const keeps = "/var/lib/openclaw-gateway-installer";
      const read = () => readFile(vps.path(`${keeps}/journal`), "utf8");
      await vps.ok([
        "sh",
        "-c",
        `cp -a ${keeps} /root/keeps && mount -t tmpfs -o size=64k,mode=700 tmpfs ${keeps} && cp -a /root/keeps/. ${keeps}/ && cat /dev/zero >${keeps}/full; true`,
      ]);
      const journal = await read();
      const config = await vps.ok(["cat", "/etc/openclaw-gateway/openclaw.json"]);
      const { code } = await installing.run(vps, "--port", "18999");
      expect(code).not.toBe(0);
      expect(await vps.ok(["cat", "/etc/openclaw-gateway/openclaw.json"])).toBe(config);
      expect((await read()).startsWith(journal)).toBe(true);
      await vps.ok([
        "sh",
        "-c",
        `rm ${keeps}/full; cp -a ${keeps}/. /root/keeps/; umount ${keeps}; cp -a /root/keeps/. ${keeps}/; rm -r /root/keeps`,
      ]);
      await installing.ok(vps, "--port", "18999");
      expect(await vps.ok(["openclaw", "config", "get", "gateway.port"])).toBe("18999\n");
    },
    STEP_MS,
  );
});
