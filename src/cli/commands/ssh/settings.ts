import { approverLine, type SshWay } from "../../../protocol/approve-line.ts";
import type { ReachedGateway } from "../../reach/gateway.ts";

/** What the configuration says of approval over SSH. */
export interface SshSettings extends SshWay {
  readonly ssh: SshWay["ssh"] & { readonly authorizedKeys?: string | undefined };
}

export async function sshSettings(gateway: ReachedGateway): Promise<SshSettings> {
  const { config } = await gateway.request("config.get");
  return config.gateway;
}

/** What an approver types, if approval over SSH is on. */
export function approveLine(settings: SshSettings): string | undefined {
  return approverLine("CODE", settings);
}
