import type { Gateway } from "../connect.ts";

/** What the configuration says of approval over SSH. */
export interface SshSettings {
  readonly account?: string;
  readonly host?: string;
  readonly port: number;
  readonly authorizedKeys?: string;
  readonly publicUrl?: string;
}

interface ConfigView {
  readonly config: {
    readonly gateway: {
      readonly publicUrl?: string;
      readonly ssh?: Omit<SshSettings, "publicUrl">;
    };
  };
}

export async function sshSettings(gateway: Gateway): Promise<SshSettings> {
  const { config } = await gateway.request<ConfigView>("config.get");
  const { publicUrl, ssh } = config.gateway;
  return { port: 22, ...ssh, ...(publicUrl !== undefined && { publicUrl }) };
}

/** What an approver types, if approval over SSH is on. */
export function approveLine(settings: SshSettings): string | undefined {
  const { account, port } = settings;
  if (account === undefined) return undefined;
  const named = settings.host ?? hostOf(settings.publicUrl) ?? "<this machine>";
  const to = port === 22 ? "" : `-p ${port} `;
  return `ssh ${to}${account}@${named} approve CODE`;
}

function hostOf(url: string | undefined): string | undefined {
  return url !== undefined && URL.canParse(url)
    ? new URL(url).hostname.replace(/^\[|\]$/g, "")
    : undefined;
}
