import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { makeDevice, RawClient } from "../kit/client.ts";
import { GatewayProcess, PROCESS_TOKEN } from "../kit/process.ts";
import { HANG_MS } from "../kit/until.ts";

const SCRAPE = "scrape-token-0123456789";

let gateway: GatewayProcess;
let origin: string;
beforeAll(async () => {
  gateway = await GatewayProcess.prepare();
  const tokenFile = join(gateway.stateDir, "metrics-token");
  await writeFile(tokenFile, `${SCRAPE}\n`);
  await writeFile(
    join(gateway.stateDir, "openclaw.json"),
    JSON.stringify({ metrics: { tokenFile } }),
  );
  await gateway.start({ OPENCLAW_GATEWAY_TOKEN: PROCESS_TOKEN });
  origin = `http://127.0.0.1:${gateway.port}`;
});
afterAll(() => gateway?.close());

const scrape = (token: string) =>
  fetch(`${origin}/metrics`, { headers: { authorization: `Bearer ${token}` } });

interface Row {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** Wrong tokens are counted: asking too often would lock this address. */
const slowly = { interval: 1_100, timeout: HANG_MS };

const ROW = /^([a-z_]+)(?:\{(.*)\})? (\S+)$/;

/** The rows of a scrape, read as Prometheus reads them. */
async function rows(): Promise<Row[]> {
  const lines = (await (await scrape(SCRAPE)).text()).split("\n");
  return lines
    .filter((line) => line !== "" && !line.startsWith("#"))
    .map((line) => {
      const [, name = "", labels = "", value = ""] = ROW.exec(line) ?? [];
      expect(name, line).not.toBe("");
      const pairs = [...labels.matchAll(/([a-z_]+)="((?:[^"\\]|\\.)*)"/g)];
      return {
        name,
        labels: Object.fromEntries(pairs.map(([, key = "", text = ""]) => [key, text])),
        value: Number(value),
      };
    });
}

function value(all: readonly Row[], name: string, labels: Record<string, string> = {}): number {
  const found = all.filter((row) => {
    const same = Object.entries(labels).every(([key, text]) => row.labels[key] === text);
    return row.name === name && same;
  });
  expect([name, found.length]).toEqual([name, 1]);
  return found[0]?.value ?? Number.NaN;
}

/** Asks for pairing, is approved, and stays connected. */
async function operator(): Promise<RawClient> {
  const options = {
    device: makeDevice(),
    auth: { token: PROCESS_TOKEN },
    scopes: ["operator.read"],
  };
  const first = await RawClient.open(gateway.url);
  const { error } = await first.connect(options);
  await gateway.ok(["devices", "approve", error.details.requestId]);
  const client = await RawClient.open(gateway.url);
  expect((await client.connect(options)).ok).toBe(true);
  return client;
}

describe("/metrics", () => {
  test("is read with the metrics token or the shared secret, as Prometheus' text", async () => {
    for (const token of [SCRAPE, PROCESS_TOKEN]) {
      const answer = await scrape(token);
      expect([answer.status, answer.headers.get("content-type")]).toEqual([
        200,
        "text/plain; version=0.0.4; charset=utf-8",
      ]);
      expect(answer.headers.get("cache-control")).toBe("no-store");
    }
    expect((await scrape("wrong")).status).toBe(401);
    expect((await fetch(`${origin}/metrics`)).status).toBe(401);
    const post = await fetch(`${origin}/metrics`, { method: "POST" });
    expect([post.status, post.headers.get("allow")]).toEqual([405, "GET, HEAD"]);
  });

  test("the metrics token opens nothing else", async () => {
    const headers = { authorization: `Bearer ${SCRAPE}` };
    expect((await fetch(`${origin}/control-ui-config.json`, { headers })).status).toBe(401);
    const client = await RawClient.open(gateway.url);
    const options = { device: makeDevice(), auth: { token: SCRAPE } };
    expect((await client.connect(options)).error.details.code).toBe("AUTH_TOKEN_MISMATCH");
  });

  test("another token counts as soon as its file changes", async () => {
    const { metrics } = JSON.parse(await readFile(join(gateway.stateDir, "openclaw.json"), "utf8"));
    await writeFile(metrics.tokenFile, "another-token-0123456789\n");
    await expect
      .poll(async () => (await scrape("another-token-0123456789")).status, slowly)
      .toBe(200);
    expect((await scrape(SCRAPE)).status).toBe(401);
    await writeFile(metrics.tokenFile, SCRAPE);
    await expect.poll(async () => (await scrape(SCRAPE)).status, slowly).toBe(200);
  });

  test("counts connections, requests, refusals and commits", async () => {
    const before = await rows();
    const client = await operator();
    for (let n = 0; n < 3; n += 1) await client.request("status");
    await client.request("device.pair.list");
    await client.request("no.such.method");
    const after = await rows();
    expect(value(after, "openclaw_connections", { state: "ready", role: "operator" })).toBe(1);
    expect(value(after, "openclaw_request_duration_seconds_count", { method: "status" })).toBe(3);
    expect(value(after, "openclaw_pairing", { kind: "devices" })).toBe(1);
    const refused = { code: "PAIRING_REQUIRED" };
    expect(value(after, "openclaw_connects_refused_total", refused)).toBe(1);
    const pairing = { document: "state" };
    const commits = "openclaw_store_commits_total";
    expect(value(after, commits, pairing)).toBeGreaterThan(value(before, commits, pairing));
    expect(value(after, "openclaw_store_write_seconds_count", pairing)).toBeGreaterThan(0);
    expect(value(after, "openclaw_ready")).toBe(1);
    client.close();
  });

  test("has classes that add up, and no label from a client", async () => {
    const all = await rows();
    const name = "openclaw_request_duration_seconds";
    const method = "status";
    const buckets = all.filter((row) => {
      return row.name === `${name}_bucket` && row.labels["method"] === method;
    });
    const counts = buckets.map((row) => row.value);
    expect(counts).toEqual([...counts].sort((a, b) => a - b));
    expect(buckets.at(-1)?.labels["le"]).toBe("+Inf");
    expect(counts.at(-1)).toBe(value(all, `${name}_count`, { method }));
    expect(value(all, `${name}_sum`, { method })).toBeGreaterThan(0);
    expect(JSON.stringify(all)).not.toContain("no.such.method");
    expect(new Set(all.map((row) => JSON.stringify([row.name, row.labels]))).size).toBe(all.length);
  });
});

interface Board {
  readonly panels: readonly {
    readonly title: string;
    readonly targets?: readonly { readonly expr: string }[];
  }[];
  readonly annotations: { readonly list: readonly { readonly expr?: string }[] };
  readonly templating: { readonly list: readonly { readonly query: unknown }[] };
}

describe("the board in deploy/", () => {
  const path = new URL("../../deploy/grafana-dashboard.json", import.meta.url);
  const NAME = /\b(?:openclaw|process|nodejs)_[a-z0-9_]+/g;

  async function board(): Promise<Board> {
    return JSON.parse(await readFile(path, "utf8"));
  }

  test("asks for metrics and labels that exist, and for every metric there is", async () => {
    const { panels, annotations, templating } = await board();
    const queries = [
      ...panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr)),
      ...annotations.list.map(({ expr = "" }) => expr),
      JSON.stringify(templating),
    ];
    const all = await rows();
    const known = new Set(all.map(({ name }) => name));
    const asked = queries.flatMap((query) => query.match(NAME) ?? []);
    expect(asked.length).toBeGreaterThan(20);
    expect(asked.filter((name) => !known.has(name))).toEqual([]);
    const short = (name: string) => name.replace(/_(bucket|sum|count)$/, "");
    const shown = new Set(asked.map(short));
    const unseen = [...new Set([...known].map(short))].filter((name) => !shown.has(name));
    expect(unseen).toEqual([]);
    const labels = new Set(all.flatMap((row) => Object.keys(row.labels)));
    for (const query of queries.slice(0, -1)) {
      const used = [...query.matchAll(/([a-z_]+)=~?"/g)].map(([, name = ""]) => name);
      const by = [...query.matchAll(/by \(([a-z_, ]+)\)/g)].flatMap(([, names = ""]) => {
        return names.split(", ");
      });
      const ours = [...used, ...by].filter((name) => !["job", "instance"].includes(name));
      expect(
        ours.filter((name) => !labels.has(name)),
        query,
      ).toEqual([]);
    }
  });

  test("every panel has a place, a title and a query", async () => {
    const { panels } = await board();
    for (const panel of panels) {
      expect(panel.title).not.toBe("");
      if (!("collapsed" in panel)) expect(panel.targets?.length).toBeGreaterThan(0);
    }
  });
});
