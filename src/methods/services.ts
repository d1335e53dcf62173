import type { AgentApi } from "../agent/agent-api.ts";
import type { AuditLine } from "../audit/chain.ts";
import type { ConfigTrail } from "../audit/config-trail.ts";
import type { AuditPage, PageOptions } from "../audit/pages.ts";
import type { ReadOptions } from "../audit/reader.ts";
import type { AuditVerdict } from "../audit/verify.ts";
import type { Notes } from "../audit/write-ahead.ts";
import type { GatewayIdentity } from "../auth/identity.ts";
import type { ConfigTurn } from "../config/service.ts";
import type { Receiver } from "../events/hub.ts";
import type { Presence } from "../events/presence.ts";
import type { LoopGauge } from "../host/loop-gauge.ts";
import type { MachineFacts } from "../host/machine.ts";
import type { LogRing } from "../lib/log-ring.ts";
import type { World } from "../lib/world.ts";
import type { Limits } from "../limits/table.ts";
import type { KeptAnswers } from "../nodes/kept-answers.ts";
import type { Nodes } from "../nodes/nodes.ts";
import type { Notifier } from "../notify/notifier.ts";
import type { CodeAttempts } from "../pairing/attempts.ts";
import type { DeviceList } from "../pairing/device-list.ts";
import type { Pairing } from "../pairing/pairing.ts";
import type { Requests } from "../pairing/requests.ts";
import type { Setups } from "../pairing/setups.ts";
import type { SshKeys } from "../pairing/ssh.ts";
import type { Actor, Role } from "../protocol/access.ts";
import type { EventName } from "../protocol/events.ts";
import type { RawJson } from "../protocol/frames.ts";
import type { GatewayNote } from "../protocol/note.ts";
import type { SecretKind } from "../protocol/refusals.ts";
import type { Sendable, ValueOf } from "../protocol/typed-schema.ts";
import type { configView } from "./results/config.ts";
import type { olderClient } from "./results/status.ts";

/** How a change of the shared secret ended. */
export interface SecretChange {
  /** Connections that were closed because only the old secret had admitted them. */
  readonly closed: readonly string[];
  /** Devices whose tokens ended with it. */
  readonly revoked: readonly string[];
}

/** Reading and changing the configuration (config/ does the work). */
export interface ConfigService {
  /** Follows a change of the file that the system did not tell of, before something is answered by it. */
  look(): Promise<void>;
  /** The result of `config.get`. */
  view(shown: { readonly comments: boolean }): Sendable<ValueOf<typeof configView>>;
  /**
   * Runs `work` when no other change of the file runs. It plans a change, checks and announces what
   * that comes to, and commits the plan.
   */
  exclusive<Result>(work: (turn: ConfigTurn) => Promise<Result>): Promise<Result>;
  readonly sshTarget: string | undefined;
  /** Whether approval over SSH is on, as far as the configuration says. */
  readonly approvesOverSsh: boolean;
  /** Whether the shared secret is all that OpenClaw's command line needs on this machine. */
  readonly devicelessCli: boolean;
}

/** What `host.config.migrate` answers. */
export interface SecretsMigrated {
  readonly found: readonly SecretKind[];
  /** What changes in the file, values hidden. */
  readonly diff: string;
  readonly applied: boolean;
}

interface SecretChangeOptions {
  readonly actor: Actor;
  readonly revokeDerived: boolean;
  /** Goes on where that ends the last remaining admin. */
  readonly force: boolean;
}

export interface SecretService {
  /** Whether clients could present one. */
  isSet(kind: SecretKind): boolean;
  set(kind: SecretKind, secret: string, options: SecretChangeOptions): Promise<SecretChange>;
  /** Makes, stores and returns a new shared token. */
  renew(options: SecretChangeOptions): Promise<SecretChange & { token: string }>;
  /** Moves secrets that stand in the configuration in clear into the state; unless `apply` only shows. */
  migrate(options: { readonly apply: boolean; readonly actor: Actor }): Promise<SecretsMigrated>;
}

/** The process: what it is, and how to end or renew it. */
export interface Lifecycle {
  readonly info: HostInfo;
  /** Drains and builds the gateway anew in this process. Returns once that is under way. */
  restart(): void;
  /** The next signal to end comes from a supervisor that starts the gateway again. */
  expectRestart(): void;
  stop(): void;
}

export interface HostInfo {
  readonly pid: number;
  readonly version: string;
  readonly startedAtMs: number;
  readonly uptimeMs: number;
  readonly supervisor: "systemd" | "pm2" | "none";
  /** Name of the systemd unit or id of the pm2 process. */
  readonly unit?: string;
  readonly listening: readonly string[];
  readonly stateDir: string;
  readonly configPath: string;
  /** Names the configuration's file and the state that it was read in last. */
  readonly configMark?: string;
  readonly adminSocket: string;
  readonly pageUrl: string;
  /** SHA-256 of the certificate that the page comes with, hex, where people have to compare it. */
  readonly pagePin?: string;
  /** What people should know. */
  readonly notes: readonly GatewayNote[];
}

/** A client that speaks an older version of the protocol; what is undefined is left out. */
type OlderClientRow = Sendable<ValueOf<ReturnType<typeof olderClient>>>;

/** Figures about connections. */
export interface Connections {
  byRole(): Readonly<Record<Role, number>>;
  waiting(): number;
  unauthenticated(): number;
  isConnected(deviceId: string): boolean;
  /** Which versions of the protocol are spoken, and who speaks an older one. */
  protocols(): {
    readonly protocols: Readonly<Record<string, { connected: number; admitted: number }>>;
    readonly olderClients: readonly OlderClientRow[];
  };
  /** Times each refusal or close happened, by its name. */
  closes(): Readonly<Record<string, number>>;
}

/** The latest health summary, as text because every client gets the same one. */
export interface Health {
  readonly summary: RawJson;
  /** The part that `hello-ok` may hold. */
  readonly snapshot: RawJson;
  readonly version: number;
  /** One that is made now. */
  probe(): Promise<RawJson>;
}

/** The last lines of the log, and where the log itself goes. */
export interface LogSource {
  /** The log's file, or a word for another place. */
  readonly file: string;
  readonly ring: LogRing;
}

/** The audit: who decided what. */
export interface AuditSource extends Notes {
  /** The newest lines, oldest first. */
  read(options: ReadOptions): Promise<AuditLine[]>;
  /** All lines, page by page; `undefined` for a cursor that no page ends at. */
  page(options: PageOptions): Promise<AuditPage | undefined>;
  verify(): Promise<AuditVerdict>;
}

/** Broadcast events for connections of the host, which get none unless they ask. */
export interface EventSource {
  /** Sends `receiver` those of `names` that `actor` may have; false if it was sent some already. */
  follow(receiver: Receiver, actor: Actor, names: readonly EventName[]): boolean;
  leave(receiver: Receiver): void;
}

/** How others get to this gateway, for codes that lead them here. */
export interface Reach {
  readonly secretKind: SecretKind;
  readonly publicUrl?: string;
  /** SHA-256 of the certificate at `publicUrl`, hex, where clients have to be told. */
  readonly publicPin?: string;
  /** The machine's own address on its network, and the key that opened the gateway there. */
  readonly own?: { readonly url: string; readonly source: string };
}

/** Everything methods may use. Built by main/run.ts. */
export interface Services {
  readonly world: World;
  readonly limits: Limits;
  readonly identity: GatewayIdentity;
  readonly tokenKey: Uint8Array;
  readonly pairing: Pairing;
  /** Requests for approval, of devices and of nodes. */
  readonly requests: Requests;
  readonly setups: Setups;
  readonly reach: () => Reach;
  readonly ssh: SshKeys;
  /** Bounds the guessing of request codes. */
  readonly codes: CodeAttempts;
  readonly nodes: Nodes;
  /** Invokes that run and that ended, by their keys. */
  readonly invokeAnswers: KeptAnswers;
  readonly deviceList: DeviceList;
  readonly presence: Presence;
  readonly health: Health;
  readonly config: ConfigService;
  /** Writes the lines of changes of the configuration. */
  readonly configTrail: Pick<ConfigTrail, "ahead" | "settle">;
  readonly secrets: SecretService;
  /** Agents, sessions and conversations. */
  readonly agent: AgentApi;
  readonly logs: LogSource;
  readonly loop: LoopGauge;
  /** `machineName` is the name that the owner gave, else the host's. */
  readonly machine: () => Promise<MachineFacts & { machineName: string }>;
  readonly audit: AuditSource;
  readonly events: EventSource;
  readonly lifecycle: Lifecycle;
  readonly connections: Connections;
  readonly store: () => StoreFigures;
  /** The owner's webhook; absent where the gateway does not run. */
  readonly notify?: Pick<Notifier, "report" | "test"> | undefined;
}

/** Figures of the state folder. */
export interface StoreFigures {
  readonly ok: boolean;
  readonly commits: number;
  readonly journalBytes: number;
  readonly lastError?: string;
}
