import { argon2Hasher, type Hasher } from "../auth/hasher.ts";
import { ConfigError, formatIssue } from "../config/errors.ts";
import { type ConfigFlags, type LoadedConfig, loadConfig } from "../config/load.ts";
import { completeWrite, isCutShort } from "../config/write-file.ts";
import { type Bus, LocalBus } from "../events/bus.ts";
import { inContainer } from "../host/container.ts";
import { connectionsThatFit } from "../host/descriptors.ts";
import {
  configPath,
  resolveAdminSocket,
  resolveApproveSocket,
  stateFolder,
} from "../host/paths.ts";
import { ensurePrivateFolder } from "../lib/atomic-file.ts";
import type { Environment } from "../lib/environment.ts";
import { version } from "../lib/version.ts";
import { systemWorld, type World } from "../lib/world.ts";
import { type Limits, limitValues } from "../limits/table.ts";
import { type Calls, openclaw } from "../protocol/command.ts";
import { plainText } from "../protocol/text.ts";
import type { StoreLog } from "../store/document.ts";
import { explain } from "../store/errors.ts";
import { acquireWriterLock, type LockOptions, ownPlace, type WriterLock } from "../store/lock.ts";
import { callsOf, callsOfStopped } from "../words/command.ts";
import { type OpenServices, openServices } from "./open-services.ts";
import { openState, type StateDocument } from "./state.ts";

/** What a gateway is started with. Everything but `env` has a default; tests set the rest. */
export interface CoreOptions {
  readonly env: Environment;
  readonly flags?: ConfigFlags;
  readonly world?: World;
  readonly limits?: Partial<Limits>;
  readonly hasher?: Hasher;
  /** How other gateways of the same state are reached; none are if absent. */
  readonly bus?: Bus;
  readonly log: StoreLog;
  /**
   * Where the audit's lines are copied to, at every log level; `log` if absent, and `null` where
   * no gateway runs that could write to a journal.
   */
  readonly journal?: Pick<StoreLog, "info"> | null;
  /**
   * Opens the state also where the configuration has errors: what mends them, and what the owner decides,
   * works then. Bad values stand at their defaults. Absent: refused, as a gateway must.
   */
  readonly brokenConfig?: "opened";
}

/** State, secrets and configuration, open and locked: all that works without a network side. */
export interface Core extends OpenServices {
  readonly world: World;
  readonly limits: Limits;
  readonly stateDir: string;
  readonly adminSocket: string;
  readonly approveSocket: string;
  /** How the command line is called here. */
  readonly command: string;
  /** How commands are typed where the log is read. */
  readonly calls: Calls;
  /** It runs in a container, whose names and addresses say nothing outside. */
  readonly isContainer: boolean;
  /** Wall clock. */
  readonly startedAtMs: number;
  /** Milliseconds since the start, by the monotonic clock. */
  uptimeMs(): number;
  readonly loaded: LoadedConfig;
  readonly log: StoreLog;
  readonly bus: Bus;
  /** The whole state; `documents` are its parts. */
  readonly state: StateDocument;
  close(): Promise<void>;
}

/** Opens state and configuration. @throws StoreError; ConfigError where errors of it count */
export async function openCore(options: CoreOptions): Promise<Core> {
  const { env, world = systemWorld, hasher = argon2Hasher, bus = new LocalBus(), log } = options;
  const table = limitValues(options.limits);
  const limits = { ...table, connections: connectionsThatFit(table.connections) };
  const stateDir = stateFolder(env);
  const load = {
    path: configPath(env, stateDir),
    env,
    ...(options.flags && { flags: options.flags }),
  };
  const adminSocket = resolveAdminSocket(env, stateDir);
  const startedAtMs = world.now();
  const own = { pid: process.pid, version, startedAt: startedAtMs, adminSocket };
  const describe = { ...own, ...ownPlace() };
  await completeConfigWrite(stateDir, { describe, world });
  const loaded = await loadConfig(load);
  if (options.brokenConfig !== "opened") refuseBadConfig(loaded, callsOfStopped(env));
  await ensurePrivateFolder(stateDir).catch((error) => {
    throw explain(error, { folder: stateDir });
  });
  const started = world.monotonic();
  const uptimeMs = () => Math.round(world.monotonic() - started);
  const lock = await acquireWriterLock(stateDir, { describe, world });
  try {
    const state = await openState({ folder: stateDir, world, log });
    const { journal } = options;
    const calls = callsOf(env);
    const facts = { env, calls, world, limits, hasher, log, stateDir, loaded, load, journal };
    const services = await servicesOn(state, facts);
    return {
      world,
      limits,
      stateDir,
      adminSocket,
      approveSocket: resolveApproveSocket(env, stateDir),
      command: calls.here,
      calls,
      isContainer: inContainer(env),
      startedAtMs,
      uptimeMs,
      loaded,
      log,
      bus,
      state,
      ...services,
      close: () => closeAll({ ...services, state, bus, lock }),
    };
  } catch (error) {
    await lock.release();
    throw error;
  }
}

/** A change of the configuration that a crash cut short is completed before the file is read. */
async function completeConfigWrite(stateDir: string, holder: LockOptions): Promise<void> {
  if (!(await isCutShort(stateDir))) return;
  const lock = await acquireWriterLock(stateDir, holder);
  // What can't be completed is an error of the file, which says what to do.
  await completeWrite(stateDir).catch(() => undefined);
  await lock.release();
}

/** The services on the state, which is closed where they can't be had. @throws StoreError */
async function servicesOn(
  state: StateDocument,
  facts: Parameters<typeof openServices>[1],
): Promise<OpenServices> {
  try {
    return await openServices(state, facts);
  } catch (error) {
    // Its files and timers must not outlive a start that failed.
    await state.close().catch(() => undefined);
    throw error;
  }
}

async function closeAll(
  parts: Pick<OpenServices, "config" | "pairing" | "ssh" | "nodes" | "audit"> & {
    state: StateDocument;
    bus: Bus;
    lock: WriterLock;
  },
): Promise<void> {
  parts.config.close();
  parts.pairing.close();
  parts.ssh.close();
  parts.nodes.close();
  try {
    await parts.audit.close();
    await parts.bus.close();
    await parts.state.close();
  } finally {
    await parts.lock.release();
  }
}

function refuseBadConfig(loaded: LoadedConfig, calls: Calls): void {
  const [first] = loaded.errors;
  if (!first) return;
  const lines = loaded.errors.map((issue) =>
    plainText(formatIssue(issue, loaded.source.path), calls),
  );
  throw new ConfigError(first.code, `the configuration has errors\n${lines.join("\n")}`, {
    // Of what has no place in the file, such as a flag's value, the file's own check says nothing.
    next: first.line === undefined ? first.next : openclaw`config validate`,
    issues: loaded.errors,
  });
}
