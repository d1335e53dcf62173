import type { Result } from "../../reach/gateway.ts";

/** A key as `host.ssh.list` shows it. */
export type KeyRow = Result<"host.ssh.list">["keys"][number];
