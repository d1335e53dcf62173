/** What a code stands for: a device's request for pairing, or a node's for its commands. */
export type ApprovalKind = "device" | "node";

export interface ApprovalFacts {
  readonly kind: ApprovalKind;
  readonly requestId: string;
  /** How the command line is called on the gateway's machine. */
  readonly command: string;
  /** What follows `ssh ` from elsewhere, where the owner has set it. */
  readonly sshTarget?: string | undefined;
}

/** The lines that approve one request and nothing else, as a person copies them. */
export interface ApprovalLines {
  /** On the gateway's machine. */
  readonly approveCommand: string;
  /** From anywhere else. */
  readonly sshCommand?: string;
}

/** The one place that knows how a request is approved by typing. */
export function approvalLines(facts: ApprovalFacts): ApprovalLines {
  const { kind, requestId, command, sshTarget } = facts;
  const approveCommand = `${command} ${kind}s approve ${requestId}`;
  if (!sshTarget) return { approveCommand };
  return { approveCommand, sshCommand: `ssh ${sshTarget} ${approveCommand}` };
}
