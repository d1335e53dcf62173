import { inContainer } from "../../../host/container.ts";
import { checkNative, ForeignNative, serverModule } from "../../../host/native.ts";
import { StopSignal } from "../../../host/stop-signal.ts";
import { openclaw, shell } from "../../../protocol/command.ts";
import { say } from "../../../protocol/text.ts";
import type { Run } from "../../kit/declare.ts";
import { CliError } from "../../kit/exit.ts";
import { typedCalls } from "../../kit/typed.ts";
import { loadGateway } from "./load.ts";

export interface GatewayRunOptions {
  readonly port?: string;
  readonly bind?: string;
}

/**
 * `openclaw gateway run`: the gateway in this process, until it is stopped.
 * @throws CliError (usage) where a secret is among the options
 */
export const run: Run<GatewayRunOptions> = async ({ io, options: global }, _args, options) => {
  if (global.token !== undefined || global.password !== undefined) {
    throw new CliError("usage", "gateway run takes no secret: it is kept hashed in the state", {
      next: openclaw`config set gateway.token -`,
    });
  }
  const port = options.port === undefined ? undefined : readPort(options.port);
  // A person reads what this gateway prints: its commands must be ones that work in this shell.
  // What a container prints is kept by its engine and read outside: no secret, and commands from there.
  const terminal = io.showsPerson && !inContainer(io.env);
  if (terminal) io.env["OPENCLAW_COMMAND"] ??= typedCalls(io.env, process.argv[1]).here;
  // Before the gateway is loaded, and until the process is gone: nothing of it may end by a signal.
  const stop = new StopSignal({ terminal: io.showsPerson });
  checkServer();
  const { runGateway } = await loadGateway();
  const flags = { port, bind: options.bind };
  return runGateway({ env: io.env, flags, terminal, stop });
};

/** Before it is loaded: a native module can do anything from its first moment on. */
function checkServer(): void {
  try {
    checkNative("uWebSockets.js", serverModule);
  } catch (error) {
    if (!(error instanceof ForeignNative)) throw error;
    throw new CliError("failed", `${error.message}: nothing of it was run`, {
      next: say`install the gateway anew (from a clone: ${shell`npm ci`})`,
    });
  }
}

function readPort(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (port >= 0 && port <= 65_535) return port;
  throw new CliError("usage", "--port: expected a whole number from 0 to 65535");
}
