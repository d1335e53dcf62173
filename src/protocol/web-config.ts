import { version } from "../lib/version.ts";
import { OPENCLAW_VERSION } from "./versions.ts";

/** What OpenClaw's web app asks for at its start (docs/protocol.md#http). No secrets. */
export function webConfig(): Record<string, unknown> {
  return {
    basePath: "",
    assistantName: "Assistant",
    assistantAvatar: "A",
    assistantAgentId: "main",
    // Compared with its own releases; ours stands beside it.
    serverVersion: OPENCLAW_VERSION,
    gatewayVersion: version,
    embedSandbox: "scripts",
    terminalEnabled: false,
    pluginAssetsRequireAuth: true,
    pluginFrameGrants: [],
  };
}
