import { commandText, openclaw } from "./command.ts";
/** What a code stands for: a device's request for pairing, or a node's for its commands. */
export type ApprovalKind = "device" | "node";

/** How people reach the gateway's machine by SSH, as far as its configuration says (section `gateway`). */
export interface SshWay {
  readonly publicUrl?: string | undefined;
  /**
   * What follows `ssh ` for a login that may run the gateway's command line there, such as
   * `root@vps`.
   */
  readonly sshTarget?: string | undefined;
  readonly ssh: {
    /** The account whose keys only approve. Absent: approval over SSH is off. */
    readonly account?: string | undefined;
    readonly host?: string | undefined;
    readonly port: number;
  };
}

export interface ApprovalFacts {
  readonly kind: ApprovalKind;
  readonly requestId: string;
  /** How the command line is called on the gateway's machine. */
  readonly command: string;
  readonly way: SshWay;
}

/** The lines that approve one request and nothing else, as a person copies them. */
export interface ApprovalLines {
  /** On the gateway's machine. */
  readonly approveCommand: string;
  /** From anywhere else; `HOST` stands in it where nothing says how the machine is called. */
  readonly sshCommand?: string;
}

/** The lines that show one request, for people who could not be told all of it. */
export interface ShowLines {
  readonly showCommand: string;
  /**
   * The line from anywhere else; `HOST` stands in it where nothing says how the machine is called.
   */
  readonly sshCommand?: string;
}

/**
 * Stands in a line for the machine's name where the configuration has none. The gateway's page puts
 * the name from its address bar there.
 */
export const HOST = "<host>";

/** The one place that knows how a request is approved by typing. */
export function approvalLines({ kind, requestId, command, way }: ApprovalFacts): ApprovalLines {
  const typed = openclaw`${`${kind}s`} approve ${requestId}`;
  const approveCommand = commandText(typed, { here: command });
  return { approveCommand, ...overSsh(approveCommand, approverLine(requestId, way), way) };
}

/** How the same request is looked at; `devices show` takes the codes of nodes too. */
export function showLines({ requestId, command, way }: Omit<ApprovalFacts, "kind">): ShowLines {
  const showCommand = commandText(openclaw`devices show ${requestId}`, { here: command });
  return { showCommand, ...overSsh(showCommand, verbLine(`show ${requestId}`, way), way) };
}

/**
 * The line over SSH: `own`, that of a key that only approves, else that of a login with a shell.
 */
function overSsh(
  line: string,
  own: string | undefined,
  { sshTarget }: SshWay,
): { sshCommand?: string } {
  const owners = sshTarget === undefined ? undefined : `ssh ${sshTarget} ${line}`;
  const sshCommand = own ?? owners;
  return sshCommand === undefined ? {} : { sshCommand };
}

/**
 * The `ssh` line that approves, for people whose key only approves; `undefined` while approval over
 * SSH is off.
 */
export function approverLine(requestId: string, way: SshWay): string | undefined {
  return verbLine(`approve ${requestId}`, way);
}

function verbLine(words: string, way: SshWay): string | undefined {
  const { account, port, host = hostOf(way.publicUrl) ?? HOST } = way.ssh;
  if (account === undefined) return undefined;
  return `ssh ${port === 22 ? "" : `-p ${port} `}${account}@${host} ${words}`;
}

function hostOf(url: string | undefined): string | undefined {
  return url !== undefined && URL.canParse(url)
    ? new URL(url).hostname.replace(/^\[|\]$/g, "")
    : undefined;
}
