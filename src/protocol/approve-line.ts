import { blank, type Command, commandText, openclaw, shell, type Word } from "./command.ts";

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
  return {
    approveCommand,
    ...overSsh(approveCommand, verbCommand(["approve", requestId], way), way),
  };
}

/** How the same request is looked at; `devices show` takes the codes of nodes too. */
export function showLines({ requestId, command, way }: Omit<ApprovalFacts, "kind">): ShowLines {
  const showCommand = commandText(openclaw`devices show ${requestId}`, { here: command });
  return { showCommand, ...overSsh(showCommand, verbCommand(["show", requestId], way), way) };
}

/**
 * The line over SSH: `own`, that of a key that only approves, else that of a login with a shell.
 */
function overSsh(
  line: string,
  own: Command | undefined,
  { sshTarget }: SshWay,
): { sshCommand?: string } {
  const owners = sshTarget === undefined ? undefined : `ssh ${sshTarget} ${line}`;
  const sshCommand = own === undefined ? owners : commandText(own);
  return sshCommand === undefined ? {} : { sshCommand };
}

/**
 * What people whose key only approves type to approve; `undefined` while approval over SSH is off.
 */
export function approverCommand(code: Word, way: SshWay): Command | undefined {
  return verbCommand(["approve", code], way);
}

function verbCommand(words: readonly Word[], way: SshWay): Command | undefined {
  const { account, port } = way.ssh;
  if (account === undefined) return undefined;
  const host = sshHost(way);
  const target = host === undefined ? blank(`${account}@${HOST}`) : `${account}@${host}`;
  return shell`ssh ${port === 22 ? [] : ["-p", String(port)]} ${target} ${words}`;
}

/** How the machine is called in such a command; `undefined` where the reader must know it. */
export function sshHost({ ssh, publicUrl }: SshWay): string | undefined {
  return ssh.host ?? hostOf(publicUrl);
}

function hostOf(url: string | undefined): string | undefined {
  return url !== undefined && URL.canParse(url)
    ? new URL(url).hostname.replace(/^\[|\]$/g, "")
    : undefined;
}
