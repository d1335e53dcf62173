import { version } from "../lib/version.ts";

/** What OpenClaw's web app asks for at its start (protocol page, section 7). No secrets. */
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
