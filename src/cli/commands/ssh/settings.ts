import { approverCommand, type SshWay } from "../../../protocol/approve-line.ts";
import { CODE, type Command } from "../../../protocol/command.ts";
import type { ReachedGateway } from "../../reach/gateway.ts";

/** What the configuration says of approval over SSH. */
export interface SshSettings extends SshWay {
  readonly ssh: SshWay["ssh"] & { readonly authorizedKeys?: string | undefined };
}

export async function sshSettings(gateway: ReachedGateway): Promise<SshSettings> {
  const { config } = await gateway.request("config.get");
  return config.gateway;
}

/** What an approver types, if approval over SSH is on. The gateway's words in it are not cleaned. */
export function approveCommandOf(settings: SshSettings): Command | undefined {
  return approverCommand(CODE, settings);
}
