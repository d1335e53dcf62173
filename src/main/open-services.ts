import { Audit } from "../audit/audit.ts";
import { ConfigTrail } from "../audit/config-trail.ts";
import { Decisions } from "../audit/decisions.ts";
import type { Hasher } from "../auth/hasher.ts";
import { SharedSecrets } from "../auth/secret.ts";
import { SecretStore } from "../auth/secret-store.ts";
import type { LoadedConfig, LoadOptions } from "../config/load.ts";
import { ConfigStore } from "../config/service.ts";
import { sshAsksForKeys } from "../config/settings.ts";
import { configWriter } from "../config/write-file.ts";
import type { Environment } from "../lib/environment.ts";
import type { World } from "../lib/world.ts";
import type { Limits } from "../limits/table.ts";
import { Nodes } from "../nodes/nodes.ts";
import { nodeLinkOf } from "../pairing/invite.ts";
import { LastAdminGuard } from "../pairing/last-admin-guard.ts";
import { Pairing } from "../pairing/pairing.ts";
import { nodePairing } from "../pairing/records.ts";
import { Setups } from "../pairing/setups.ts";
import { SshKeys } from "../pairing/ssh.ts";
import { SshAdmins } from "../pairing/ssh-admins.ts";
import type { Calls } from "../protocol/command.ts";
import { plainText, type Text, typedFact } from "../protocol/text.ts";
import type { StoreLog } from "../store/shape.ts";
import { publishApprovers } from "./approvers.ts";
import { type StateDocument, type StateParts, statePartsOf } from "./state.ts";

interface Deps {
  readonly env: Environment;
  /** As `Core.calls` (core.ts). */
  readonly calls: Calls;
  readonly world: World;
  readonly limits: Limits;
  readonly hasher: Hasher;
  readonly log: StoreLog;
  readonly stateDir: string;
  readonly loaded: LoadedConfig;
  readonly load: LoadOptions;
  /** As `CoreOptions.journal` (core.ts). */
  readonly journal: Pick<StoreLog, "info"> | null | undefined;
}

/** The services on an open state. */
export interface OpenServices {
  readonly config: ConfigStore;
  readonly secretStore: SecretStore;
  readonly secrets: SharedSecrets;
  readonly decisions: Decisions;
  readonly audit: Audit;
  readonly configTrail: ConfigTrail;
  readonly pairing: Pairing;
  readonly setups: Setups;
  readonly ssh: SshKeys;
  readonly nodes: Nodes;
  readonly documents: StateParts;
}

/** Constructs the services on an open state. @throws StoreError where a first start can't write its keys */
export async function openServices(state: StateDocument, deps: Deps): Promise<OpenServices> {
  const { world, limits, hasher, log } = deps;
  const documents = statePartsOf(state);
  const secretStore = await SecretStore.open(documents.secrets, { world, hasher });
  const config = openConfig(secretStore, deps);
  const secrets = new SharedSecrets({
    hasher,
    limits,
    cacheKey: world.bytes(32),
    stored: () => secretStore.secrets,
    clear: () => config.current.gateway.auth,
  });
  const { audit: shared, host } = documents;
  const decisions = new Decisions({ audit: shared, host, limits, world, now: () => world.now() });
  const parts = { documents, decisions, config, secretStore };
  const pairing = openPairing(parts, deps);
  await pairing.pairing.many.resume();
  const nodes = openNodes({ ...parts, pairing: pairing.pairing }, deps);
  const audit = openAudit(parts, deps);
  const key = secretStore.tokenKey;
  const configTrail = new ConfigTrail({ host, decisions, config, key, log });
  await configTrail.start();
  return { ...parts, secrets, ...pairing, nodes, audit, configTrail };
}

type Parts = Pick<OpenServices, "documents" | "decisions" | "config" | "secretStore">;

function openConfig(
  secretStore: SecretStore,
  { calls, load, loaded, world, limits, stateDir, log }: Deps,
): ConfigStore {
  const warn = (text: Text) => log.warn(typedFact(text, calls), plainText(text, calls));
  const hashKey = secretStore.tokenKey;
  const writeFile = configWriter(stateDir);
  return new ConfigStore({ load, world, limits, writeFile, hashKey, warn }, loaded);
}

function openPairing({ documents, decisions, config, secretStore }: Parts, deps: Deps) {
  const { world, limits, env, stateDir } = deps;
  const { tokenKey, identity } = secretStore;
  const document = documents.pairing;
  const isOn = () => config.current.gateway.ssh.account !== undefined;
  const configAhead = () => documents.host.working.trail.configAhead;
  const admins = new SshAdmins({ document, world, limits, isOn, configAhead });
  const otherAdmins = () => admins.count();
  const guard = new LastAdminGuard({ document, otherAdmins });
  const { requests } = documents;
  const common = { document, requests, decisions, guard, world, limits };
  const pairing = new Pairing({ ...common, gatewayId: identity.deviceId, otherAdmins });
  const setups = new Setups({ document, decisions: pairing.decisions, pairing, tokenKey });
  const ssh = new SshKeys({
    ...common,
    decisions: pairing.decisions,
    admins,
    publish: (lines) => {
      const wanted = sshAsksForKeys(config.current);
      return publishApprovers({ env, stateDir, wanted }, lines);
    },
  });
  return { pairing, setups, ssh };
}

function openNodes(
  { documents, decisions, config, secretStore, pairing }: Parts & { readonly pairing: Pairing },
  { world, limits }: Deps,
): Nodes {
  return new Nodes({
    document: documents.nodes,
    requests: documents.requests,
    decisions,
    world,
    limits,
    gatewayId: secretStore.identity.deviceId,
    policy: () => config.current.gateway.nodes.commands,
    pairingOf: (nodeId) => pairing.nodePairing(nodeId),
    decidedPairingOf: (nodeId) => nodePairing(documents.pairing.working.devices.get(nodeId)),
    linkOf: (nodeId) => nodeLinkOf(documents.pairing.durable, nodeId),
  });
}

function openAudit({ documents, decisions, secretStore }: Parts, deps: Deps): Audit {
  const { stateDir, world, limits, log, journal = log } = deps;
  return new Audit({
    stateDir,
    world,
    limits,
    decisions,
    shared: documents.audit,
    host: documents.host,
    signer: secretStore.identity,
    log,
    journal: journal ?? undefined,
  });
}
