/** The gateway as a command uses it, however it is reached. */
export interface Gateway {
  /** `running`: over the admin socket; `stopped`: on its state; `remote`: as a client by URL. */
  readonly how: "running" | "stopped" | "remote";
  /** The payload of the answer. Rejects with an error that carries the gateway's code and reason. */
  request<Payload>(method: string, params?: unknown, timeoutMs?: number): Promise<Payload>;
  close(): Promise<void>;
}

/** What a command needs of the gateway. */
export interface Needs {
  /** Scopes that a connection by URL asks for. */
  readonly scopes: readonly string[];
  /**
   * Whether the command also works on the state of a gateway that does not run: only where there is
   * one, or also where it must be made first.
   */
  readonly stopped?: "existing" | "create";
  /** The command goes on as the user it was started by, be that root. */
  readonly staysRoot?: true;
  /** Only the owner on the gateway's machine may do it; a secret is not even sent elsewhere. */
  readonly hostOnly?: true;
}
