import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Hasher } from "../../src/auth/hasher.ts";
import type { ConfigFlags } from "../../src/config/load.ts";
import type { World } from "../../src/lib/world.ts";
import type { Limits } from "../../src/limits/table.ts";
import { type Core, openCore } from "../../src/main/core.ts";
import { newRing } from "../../src/main/log.ts";
import { type RunningServer, startServer } from "../../src/main/server.ts";
import { hostOwner } from "../../src/pairing/pairing.ts";
import { ownerScopes } from "../../src/protocol/access.ts";
import { checkedMethod } from "./answers.ts";

/** The shared token of every test gateway. */
export const TEST_TOKEN = "test-token-0123456789abcdef";

/** For tests in which more devices ask at once, from one address, than strangers may. */
export const unpaced = {
  requestBurst: 10_000,
  requestBurstPerAddress: 10_000,
  requestBurstPerPrefix: 10_000,
  pendingPerAddress: 10_000,
} as const satisfies Partial<Limits>;

/** Stands in for argon2id where a test is not about hashing: as right, and instant. */
export const instantHasher: Hasher = {
  hash: async (secret) => `plain:${secret}`,
  verify: async (hash, secret) => hash === `plain:${secret}`,
};

const LEVELS = ["", "", "debug", "info", "warn", "error"];

export interface LogLine {
  readonly level: string;
  readonly facts: Record<string, unknown>;
  readonly message: string;
}

export interface TestGatewayOptions {
  readonly limits?: Partial<Limits>;
  readonly flags?: ConfigFlags;
  /** Where state lives; a fresh folder by default, removed at close. */
  readonly stateDir?: string;
  readonly world?: World;
  readonly hasher?: Hasher;
  /** `null`: no shared secret is set. */
  readonly token?: string | null;
  readonly password?: string;
  readonly pageFolder?: string;
}

/** A whole gateway in this process: real sockets, real files, instant hashing. */
export interface TestGateway {
  readonly url: string;
  readonly port: number;
  readonly core: Core;
  readonly server: RunningServer;
  readonly stateDir: string;
  readonly log: readonly LogLine[];
  /** Asked for through methods: `restart` or `stop`. */
  readonly asked: string[];
  /** Runs a method as the owner on the host. Rejects with the wire error's fields on an Error. */
  host<T = Record<string, unknown>>(method: string, params?: unknown): Promise<T>;
  /** The secret of a fresh one-time link. */
  invite(params?: { role?: string; scopes?: readonly string[]; name?: string }): Promise<string>;
  close(): Promise<void>;
}

export async function startTestGateway(options: TestGatewayOptions = {}): Promise<TestGateway> {
  const folder = options.stateDir ?? (await mkdtemp(join(tmpdir(), "gateway-test-")));
  const log: LogLine[] = [];
  const logRing = newRing();
  const write = (level: string) => (facts: object, message: string) => {
    const time = new Date().toISOString();
    logRing.write(
      JSON.stringify({ level: LEVELS.indexOf(level) * 10, time, ...facts, msg: message }),
    );
    log.push({ level, facts: facts as Record<string, unknown>, message });
  };
  const logger = {
    debug: write("debug"),
    info: write("info"),
    warn: write("warn"),
    error: write("error"),
  };
  const core = await openCore({
    env: { OPENCLAW_STATE_DIR: folder, HOME: folder },
    flags: { "gateway.port": 0, ...options.flags },
    hasher: options.hasher ?? instantHasher,
    log: logger,
    ...(options.world && { world: options.world }),
    ...(options.limits && { limits: options.limits }),
  });
  const { token = TEST_TOKEN, password } = options;
  if (token !== null && !core.secrets.isSet("token")) {
    await core.secretStore.setSecret("token", token, "cli");
  }
  if (password !== undefined) await core.secretStore.setSecret("password", password, "cli");
  const asked: string[] = [];
  const pageFolder = options.pageFolder ?? join(folder, "page");
  await mkdir(pageFolder, { recursive: true });
  const server = await startServer(core, {
    log: logger,
    logRing,
    supervisor: { kind: "none" },
    pageFolder,
    setLogLevel: () => {},
    ask: (what) => asked.push(what),
    expectRestart: () => asked.push("expect restart"),
    watched: checkedMethod,
  });
  const port = Number(/:(\d+)$/.exec(server.info.listening.at(-1) ?? "")?.[1]);
  const host: TestGateway["host"] = (method, params) => callAsHost(server, { method, params });
  return {
    url: `ws://127.0.0.1:${port}`,
    port,
    core,
    server,
    stateDir: folder,
    log,
    asked,
    host,
    invite: async (params = {}) => {
      const full = { scopes: ownerScopes, ...params };
      return (await host<{ secret: string }>("device.pair.invite", full)).secret;
    },
    close: async () => {
      await server.close("stop");
      await core.close();
      if (options.stateDir === undefined) await rm(folder, { recursive: true, force: true });
    },
  };
}

function callAsHost<T>(
  server: RunningServer,
  call: { method: string; params: unknown },
): Promise<T> {
  return new Promise((resolve, reject) => {
    const from = {
      id: "host-test",
      inFlight: 0,
      onEnd: () => () => {},
      send: (text: string) => {
        const answer = JSON.parse(text);
        if (answer.ok) resolve(answer.payload);
        else reject(Object.assign(new Error(answer.error.message), answer.error));
      },
    };
    server.gateway.dispatcher.dispatch(from, hostOwner, { type: "req", id: "1", ...call });
  });
}
