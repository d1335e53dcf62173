import { CliError } from "./exit.ts";

/**
 * `--params`: a JSON object, `{}` where it is left out.
 * @throws CliError (usage) for anything else
 */
export function readParams(text: string | undefined): Record<string, unknown> {
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

/**
 * `--timeout` in milliseconds, from `least` (1); `undefined` where it is left out.
 * @throws CliError (usage) for anything else
 */
export function readTimeout(text: string | undefined, least: 0 | 1 = 1): number | undefined {
  if (text === undefined) return undefined;
  if (/^(0|[1-9]\d{0,8})$/.test(text) && Number(text) >= least) return Number(text);
  throw new CliError("usage", `--timeout: expected milliseconds, a whole number from ${least}`);
}
