import { version } from "../lib/version.ts";

/** What OpenClaw's web app asks for at its start (docs/protocol.md#http). No secrets. */
export function webConfig(): Record<string, unknown> {
  return {
    basePath: "",
    assistantName: "Assistant",
    assistantAvatar: "A",
    assistantAgentId: "main",
    serverVersion: version,
    embedSandbox: "scripts",
    terminalEnabled: false,
    pluginAssetsRequireAuth: true,
    pluginFrameGrants: [],
  };
}
