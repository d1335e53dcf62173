import { loadsServer, ownGlibc } from "../../../host/node-support.ts";
import { CliError } from "../../kit/exit.ts";

type GatewayProgram = typeof import("../../../main/run.ts");

/**
 * The gateway, whose WebSocket server is a binary of its own.
 * @throws CliError (failed) where this system can't load that
 */
export async function loadGateway(): Promise<GatewayProgram> {
  try {
    return await import("../../../main/run.ts");
  } catch (error) {
    const system = { node: process.versions.node, glibc: ownGlibc() };
    throw oldLibrary(system, error) ?? error;
  }
}

/** Why nothing could be loaded, where this system's C library is too old for this Node.js. */
export function oldLibrary(
  { node, glibc }: { readonly node: string; readonly glibc: string | undefined },
  cause: unknown,
): CliError | undefined {
  if (loadsServer(node, glibc)) return undefined;
  return new CliError(
    "failed",
    `this system's C library is too old for Node.js ${node} (the WebSocket server needs glibc 2.38 there)`,
    {
      next: "use Node.js 20 here, or a newer system such as Debian 13 or Ubuntu 24.04",
      code: "C_LIBRARY_TOO_OLD",
      cause,
    },
  );
}
