/** What a code stands for: a device's request for pairing, or a node's for its commands. */
export type ApprovalKind = "device" | "node";

/** How people reach the gateway's machine by SSH, as far as its configuration says (section `gateway`). */
export interface SshWay {
  readonly publicUrl?: string | undefined;
  /** What follows `ssh ` for somebody who may run the command line there. */
  readonly sshTarget?: string | undefined;
  readonly ssh: {
    /** Of those whose keys only approve. Absent: approval over SSH is off. */
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

/** For the name of the machine, which whoever looks at the gateway's page has in the address bar. */
export const HOST = "<host>";

/** The one place that knows how a request is approved by typing. */
export function approvalLines({ kind, requestId, command, way }: ApprovalFacts): ApprovalLines {
  const approveCommand = `${command} ${kind}s approve ${requestId}`;
  const own = approverLine(requestId, way);
  const owners = way.sshTarget === undefined ? undefined : `ssh ${way.sshTarget} ${approveCommand}`;
  const sshCommand = own ?? owners;
  return { approveCommand, ...(sshCommand !== undefined && { sshCommand }) };
}

/** What somebody types whose key only approves; absent while approval over SSH is off. */
export function approverLine(requestId: string, way: SshWay): string | undefined {
  const { account, port, host = hostOf(way.publicUrl) ?? HOST } = way.ssh;
  if (account === undefined) return undefined;
  return `ssh ${port === 22 ? "" : `-p ${port} `}${account}@${host} approve ${requestId}`;
}

function hostOf(url: string | undefined): string | undefined {
  return url !== undefined && URL.canParse(url)
    ? new URL(url).hostname.replace(/^\[|\]$/g, "")
    : undefined;
}
