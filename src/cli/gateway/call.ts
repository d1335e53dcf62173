import { ownerScopes, PAIRING, READ } from "../../protocol/access.ts";
import { withGateway } from "../connect.ts";
import { printJson } from "../context.ts";
import { CliError } from "../exit.ts";
import type { Run } from "../shell.ts";

export interface CallOptions {
  readonly params?: string;
  readonly timeout?: string;
}

/** `openclaw gateway call <method>`: the answer as JSON, whatever it is. */
export const call: Run<CallOptions> = async (context, [method = ""], options) => {
  const params = readParams(options.params);
  const timeoutMs = readTimeout(options.timeout);
  await withGateway(context, { scopes: scopesFor(method) }, async (gateway) => {
    printJson(context, await gateway.request(method, params, timeoutMs));
  });
};

function readParams(text: string | undefined): Record<string, unknown> {
  if (text === undefined) return {};
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    value = undefined;
  }
  if (typeof value === "object" && value !== null && !Array.isArray(value)) {
    return value as Record<string, unknown>;
  }
  throw new CliError("usage", `--params: expected a JSON object such as '{"limit":10}'`);
}

function readTimeout(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw new CliError("usage", "--timeout: expected milliseconds, a whole number from 1");
}

const readMethods = new Set(["status", "system-presence", "config.get", "gateway.identity.get"]);

/** The least scopes for what is known; all of an owner's for the rest. */
function scopesFor(method: string): readonly string[] {
  if (method === "health") return [];
  if (readMethods.has(method) || method.startsWith("device.scopes.")) return [READ];
  if (method === "device.pair.list") return [PAIRING];
  return ownerScopes;
}
