import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { ConfigTrail } from "../audit/config-trail.ts";
import { argon2Hasher, type Hasher } from "../auth/hasher.ts";
import { SharedSecrets } from "../auth/secret.ts";
import {
  SecretStore,
  type SecretsChange,
  type SecretsState,
  secretsShape,
} from "../auth/secret-store.ts";
import { ConfigError, formatIssue } from "../config/errors.ts";
import { type ConfigFlags, type LoadedConfig, loadConfig } from "../config/load.ts";
import { ConfigStore } from "../config/service.ts";
import { connectionsThatFit } from "../host/descriptors.ts";
import {
  configPath,
  resolveAdminSocket,
  resolveApproveSocket,
  stateFolder,
} from "../host/paths.ts";
import { ensurePrivateFolder, replaceFile } from "../lib/atomic-file.ts";
import type { Environment } from "../lib/environment.ts";
import { version } from "../lib/version.ts";
import { systemWorld, type World } from "../lib/world.ts";
import { type Limits, limitValues } from "../limits/table.ts";
import { nodesShape } from "../nodes/document.ts";
import { Nodes } from "../nodes/nodes.ts";
import type { NodesChange, NodesState } from "../nodes/records.ts";
import { pairingShape } from "../pairing/document.ts";
import { linkOf } from "../pairing/invite.ts";
import { Pairing } from "../pairing/pairing.ts";
import type { PairingChange, PairingState } from "../pairing/records.ts";
import { Setups } from "../pairing/setups.ts";
import { SshKeys } from "../pairing/ssh.ts";
import { type Document, openDocument, type StoreLog } from "../store/document.ts";
import { explain, StoreError } from "../store/errors.ts";
import { acquireWriterLock, ownPlace, type WriterLock } from "../store/lock.ts";
import { commandName } from "../words/command.ts";
import { asksForKeys, publishApprovers } from "./approvers.ts";
import { Audit, grantedByLink } from "./audit.ts";

/** What a gateway is started with. Everything but `env` has a default; tests set the rest. */
export interface CoreOptions {
  readonly env: Environment;
  readonly flags?: ConfigFlags;
  readonly world?: World;
  readonly limits?: Partial<Limits>;
  readonly hasher?: Hasher;
  readonly log: StoreLog;
  /**
   * Where the audit's lines are copied to, whatever the log's level is; `log` if absent, and `null` where
   * no gateway runs that could write to a journal.
   */
  readonly journal?: Pick<StoreLog, "info"> | null;
}

/** State, secrets and configuration, open and locked: all that works without a network side. */
export interface Core {
  readonly world: World;
  readonly limits: Limits;
  readonly stateDir: string;
  readonly adminSocket: string;
  readonly approveSocket: string;
  /** How the command line is called here. */
  readonly command: string;
  /** Wall clock. */
  readonly startedAtMs: number;
  /** Milliseconds since then, whatever became of the wall clock. */
  uptimeMs(): number;
  readonly config: ConfigStore;
  readonly loaded: LoadedConfig;
  readonly secretStore: SecretStore;
  readonly secrets: SharedSecrets;
  readonly audit: Audit;
  readonly configTrail: ConfigTrail;
  readonly log: StoreLog;
  readonly pairing: Pairing;
  readonly setups: Setups;
  readonly ssh: SshKeys;
  readonly nodes: Nodes;
  readonly documents: {
    readonly pairing: Document<PairingState, PairingChange>;
    readonly secrets: Document<SecretsState, SecretsChange>;
    readonly nodes: Document<NodesState, NodesChange>;
  };
  close(): Promise<void>;
}

/** Opens state and configuration. @throws StoreError, ConfigError */
export async function openCore(options: CoreOptions): Promise<Core> {
  const { env, world = systemWorld, hasher = argon2Hasher, log } = options;
  const table = limitValues(options.limits);
  const limits = { ...table, connections: connectionsThatFit(table.connections) };
  const stateDir = stateFolder(env);
  const load = {
    path: configPath(env, stateDir),
    env,
    ...(options.flags && { flags: options.flags }),
  };
  const loaded = await loadConfig(load);
  refuseBadConfig(loaded);
  await ensurePrivateFolder(stateDir).catch((error) => {
    throw explain(error, { folder: stateDir });
  });
  const adminSocket = resolveAdminSocket(env, stateDir);
  const startedAtMs = world.now();
  const started = world.monotonic();
  const uptimeMs = () => Math.round(world.monotonic() - started);
  const describe = {
    pid: process.pid,
    version,
    startedAt: startedAtMs,
    adminSocket,
    ...ownPlace(),
  };
  const lock = await acquireWriterLock(stateDir, { describe, world });
  try {
    const open = { folder: stateDir, world, log };
    await refuseLostKeys(stateDir);
    const secretsDocument = await openDocument(secretsShape, open);
    const secretStore = await SecretStore.open(secretsDocument, { world, hasher });
    const pairingDocument = await openDocument(pairingShape, open);
    const nodesDocument = await openDocument(nodesShape, open);
    const config = new ConfigStore(
      {
        load,
        world,
        writeFile: writeConfig,
        hashKey: secretStore.tokenKey,
        warn: (text) => log.warn({}, text),
      },
      loaded,
    );
    const secrets = new SharedSecrets({
      hasher,
      limits,
      cacheKey: world.bytes(32),
      stored: () => secretStore.secrets,
      clear: () => config.current.gateway.auth,
    });
    const pairing = new Pairing({
      document: pairingDocument,
      world,
      limits,
      gatewayId: secretStore.identity.deviceId,
      otherWaysIn: () => ssh.waysIn(),
    });
    const { tokenKey } = secretStore;
    const setups = new Setups({ document: pairingDocument, pairing, tokenKey });
    const ssh = new SshKeys({
      document: pairingDocument,
      world,
      limits,
      pairing,
      isOn: () => config.current.gateway.ssh.account !== undefined,
      publish: (lines) => {
        const wanted = asksForKeys(config.current);
        return publishApprovers({ env, stateDir, wanted }, lines);
      },
    });
    const documents = { pairing: pairingDocument, secrets: secretsDocument, nodes: nodesDocument };
    const nodes = new Nodes({
      document: nodesDocument,
      world,
      limits,
      gatewayId: secretStore.identity.deviceId,
      policy: () => config.current.gateway.nodes.commands,
      pairingOf: (nodeId) => pairing.nodePairing(nodeId),
      taken: (code) => pairing.isPending(code),
      granting: (device, surface, grant) => {
        const link = linkOf(pairingDocument.durable, device);
        return grantedByLink(pairing, { device, link, ...surface }, grant);
      },
    });
    pairing.listen({
      ended: ({ deviceId }) => {
        nodes.pairingChanged(deviceId).catch((error: unknown) => {
          log.error({ deviceId, err: error }, "what a removed node was granted is not removed yet");
        });
      },
    });
    const audit = new Audit({
      stateDir,
      world,
      limits,
      pairing,
      document: pairingDocument,
      identity: secretStore.identity,
      log,
      journal: options.journal === undefined ? log : (options.journal ?? undefined),
    });
    const configTrail = new ConfigTrail({
      document: pairingDocument,
      notes: pairing,
      config,
      key: tokenKey,
      log,
    });
    await configTrail.start();
    const parts = {
      config,
      secretStore,
      secrets,
      pairing,
      setups,
      ssh,
      nodes,
      documents,
      audit,
      configTrail,
      log,
    };
    const close = () => closeAll({ ...parts, lock });
    const command = commandName(env);
    return {
      world,
      limits,
      stateDir,
      adminSocket,
      approveSocket: resolveApproveSocket(env, stateDir),
      command,
      startedAtMs,
      uptimeMs,
      loaded,
      ...parts,
      close,
    };
  } catch (error) {
    await lock.release();
    throw error;
  }
}

async function closeAll(
  parts: Pick<Core, "config" | "pairing" | "ssh" | "documents" | "audit"> & { lock: WriterLock },
): Promise<void> {
  parts.config.close();
  parts.pairing.close();
  parts.ssh.close();
  try {
    await parts.audit.close();
    await parts.documents.nodes.close();
    await parts.documents.pairing.close();
    await parts.documents.secrets.close();
  } finally {
    await parts.lock.release();
  }
}

/**
 * Devices without the keys that their tokens were made with: new keys would shut all of them out, and
 * show another fingerprint, without anybody having asked for that.
 */
async function refuseLostKeys(folder: string): Promise<void> {
  const names = await readdir(folder);
  const has = (shape: { name: string }) =>
    names.some((name) => name === `${shape.name}.json` || name === `${shape.name}.journal`);
  if (has(secretsShape) || !has(pairingShape)) return;
  const { name } = secretsShape;
  throw new StoreError("STORE_DAMAGED", {
    folder,
    file: join(folder, `${name}.journal`),
    detail: `it and ${name}.json are missing, though ${pairingShape.name}.* is there`,
  });
}

function refuseBadConfig(loaded: LoadedConfig): void {
  const [first] = loaded.errors;
  if (!first) return;
  const lines = loaded.errors.map((issue) => formatIssue(issue, loaded.source.path));
  throw new ConfigError(first.code, `the configuration has errors\n${lines.join("\n")}`, {
    next: "openclaw config validate",
    issues: loaded.errors,
  });
}

/** Replaces the config file durably; it keeps its mode and owner. */
async function writeConfig(
  path: string,
  text: string,
  identity?: { mode: number; uid: number; gid: number },
): Promise<void> {
  await replaceFile(path, [Buffer.from(text)], { identity });
}
