import type { ConfigIssue } from "../../../config/errors.ts";
import type { Override } from "../../../config/load.ts";
import type { GatewayConfig } from "../../../config/schema.ts";
import type { ServeVerdict } from "../../../host/served-folder.ts";
import type { Inspection } from "../../../main/inspect.ts";
import { asRoot, type Command, openclaw } from "../../../protocol/command.ts";
import type { Text } from "../../../protocol/text.ts";
import type { Result } from "../../reach/gateway.ts";
import type { Verdict } from "./verdict.ts";

type GatewayStatus = Result<"status">;
type HostReport = Result<"host.info">;

/** Everything the checks judge. Times are milliseconds since the epoch, modes permission bits. */
export interface DoctorFacts {
  readonly nowMs: number;
  readonly program: ProgramFacts;
  readonly gateway: GatewayFacts;
  readonly config: ConfigFacts;
  readonly state: StateFacts;
  readonly machine: MachineState;
  readonly ssh: SshFacts;
}

export interface ProgramFacts {
  readonly version: string;
  /** The version of Node.js, without the leading `v`. */
  readonly node: string;
  /** Version of the GNU C library; absent with another one. */
  readonly glibc?: string | undefined;
  /** How this program is called where `openclaw` is another one. */
  readonly call: string;
}

export type GatewayFacts =
  | {
      readonly how: "running";
      readonly info: HostReport;
      readonly status: GatewayStatus["gateway"];
      /** Keys that may approve over SSH; absent where an older gateway runs. */
      readonly sshKeys?: readonly SshKeyFacts[] | undefined;
    }
  | { readonly how: "stopped"; readonly start: Text }
  | { readonly how: "unreachable"; readonly message: string; readonly denied: boolean };

export interface ConfigFacts {
  readonly path: string;
  readonly exists: boolean;
  /** Names the file and its state, as `configMark` of a running gateway; absent where it may not be seen. */
  readonly mark?: string | undefined;
  /** Absent where there is no file, or it may not be looked at. */
  readonly file?: CheckedFile | undefined;
  readonly errors: readonly ConfigIssue[];
  readonly warnings: readonly ConfigIssue[];
  /** Keys in force that come from elsewhere than the file. */
  readonly overrides: readonly (Omit<Override, "path"> & { readonly path: string })[];
  /** Absent where the file can't be read or has errors: what will be in force is not known then. */
  readonly gateway?: GatewayConfig["gateway"] | undefined;
  /** The gateway was started with another `--bind` than the file has. */
  readonly bindByFlag: boolean;
  /** What `gateway.auth.devicelessCli` comes to. */
  readonly devicelessCli?: "loopback" | "never" | undefined;
  /** `dashboard.root`, where it is set. */
  readonly webRoot?: { readonly folder: string; readonly verdict: ServeVerdict } | undefined;
  /** The webhook, where one is set. */
  readonly webhook?: WebhookFacts | undefined;
}

export interface WebhookFacts {
  /** The files of `notify.webhook` that are set. */
  readonly files: readonly WebhookFile[];
  /** `gateway.egress`. */
  readonly egress: readonly string[];
  /** Scheme, host and port; absent where its URL may not be read. */
  readonly to?: string;
  /** Addresses that the host's name leads to; absent where they can't be known. */
  readonly addresses?: readonly string[] | undefined;
}

export interface WebhookFile {
  /** The configuration's key that names the file. */
  readonly key: string;
  readonly path: string;
  /** Absent where it is not there, or may not be looked at. */
  readonly found?: CheckedFile & { readonly isFile: boolean };
  readonly missing?: boolean;
}

export interface CheckedFile {
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly mtimeMs: number;
}

export interface StateEntry extends CheckedFile {
  readonly name: string;
  readonly kind: "file" | "folder" | "link" | "other";
}

export interface StateFacts {
  readonly folder: string;
  readonly found?: (CheckedFile & { readonly isFolder: boolean }) | undefined;
  /** Absent where the folder may not be read. */
  readonly entries?: readonly StateEntry[] | undefined;
  /** Free for unprivileged users; `inodes` is absent on file systems that do not count them. */
  readonly space?: { readonly bytes: number; readonly inodes?: number } | undefined;
  /** What the documents hold; set only for a gateway that does not run. */
  readonly inspection?: Inspection | undefined;
  /** The folder of an installed gateway, where that is another one than `folder`. */
  readonly installed?: string | undefined;
}

export interface MachineState {
  /** Who runs this program; 0 where the platform has no users. */
  readonly uid: number;
  /** Its group. */
  readonly gid: number;
  /** It is the gateway's container. */
  readonly isContainer: boolean;
  readonly unit?: { readonly active: string; readonly enabled: boolean } | undefined;
  readonly pm2: { readonly alive: boolean; readonly saved: boolean };
  /** Who listens on the gateway's port while it is stopped. */
  readonly port?: { readonly number: number; readonly takenBy?: string | undefined } | undefined;
  readonly openFiles?: { readonly soft: number; readonly hard: number } | undefined;
  readonly others: {
    /** `~/.openclaw`, where it exists. */
    readonly home?: string | undefined;
    readonly defaultPort: boolean;
    /** The first `openclaw` on the path, if it is another program. */
    readonly binary?: string | undefined;
  };
}

export interface SshFacts {
  /** The account that the configuration names. */
  readonly account?: string | undefined;
  /** The file with a block of approvers' keys, where there is one. */
  readonly block?: string | undefined;
  /** The account that sshd's drop-in is for; absent where there is none, or it may not be read. */
  readonly dropInFor?: string | undefined;
  /** What answers approvers is where its script looks for it. */
  readonly programThere: boolean;
  /** The groups of that account, and of nginx. */
  readonly groups: readonly string[];
  readonly proxyGroups: readonly string[];
  readonly keys?: readonly SshKeyFacts[] | undefined;
  /** Files of it that are not as `openclaw ssh enable` writes them. */
  readonly altered: readonly string[];
  /** Settings of the drop-in that do not count for the account; absent where only root could tell. */
  readonly uncounted?: readonly string[] | undefined;
  /** Fingerprints of the keys that sshd's helper knows; absent where it may not be read. */
  readonly published?: readonly string[] | undefined;
}

export interface SshKeyFacts {
  readonly fingerprint: string;
  readonly expiresAtMs?: number;
}

/** A check: pure. `undefined` where it does not apply or nothing can be known. */
export type Check = (facts: DoctorFacts) => Verdict | undefined;

/** The command with root's rights where neither root nor the state's owner runs this. */
export function asOwner({ machine, state }: DoctorFacts, command: Command): Command {
  const owner = state.found?.uid ?? machine.uid;
  return machine.uid === 0 || machine.uid === owner ? command : asRoot(command);
}

/** The command with root's rights, which root has already. */
export function asAdmin({ machine }: Pick<DoctorFacts, "machine">, command: Command): Command {
  return machine.uid === 0 ? command : asRoot(command);
}

/** The doctor, looking at a state that the environment names. */
export function doctorOf(stateDir: string): Command {
  return { ...openclaw`doctor`, env: { OPENCLAW_STATE_DIR: stateDir } };
}

/** The doctor once more, as root and on the same state: sudo drops what the environment named. */
export function doctorAsRoot({ state }: DoctorFacts): Command {
  return asRoot(doctorOf(state.folder));
}
