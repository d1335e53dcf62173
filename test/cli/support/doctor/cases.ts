import type { DoctorFacts } from "../../../../src/cli/commands/doctor/facts.ts";
import type { VerdictLevel } from "../../../../src/cli/commands/doctor/verdict.ts";
import { type ConfigIssue, editCommand } from "../../../../src/config/errors.ts";
import { CONFIG, running, STATE, stopped } from "./facts.ts";

/** What is otherwise, in facts where nothing is wrong. */
export type More = {
  readonly [part in keyof DoctorFacts]?: DoctorFacts[part] extends object
    ? object
    : DoctorFacts[part];
};

export function make(base: DoctorFacts, more: More): DoctorFacts {
  const parts = Object.entries(more).map(([name, part]) => {
    const before = base[name as keyof DoctorFacts];
    return [name, typeof part === "object" ? { ...(before as object), ...part } : part];
  });
  return { ...base, ...Object.fromEntries(parts) };
}

export const up = (more: More = {}) => make(running(), more);
export const down = (more: More = {}) => make(stopped(), more);

export function info(more: object): More {
  const { gateway } = running();
  return { gateway: gateway.how === "running" ? { info: { ...gateway.info, ...more } } : {} };
}

export function status(more: object): More {
  const { gateway } = running();
  return { gateway: gateway.how === "running" ? { status: { ...gateway.status, ...more } } : {} };
}

export function inspection(more: object): More {
  return { state: { inspection: { ...stopped().state.inspection, ...more } } };
}

export function settings(more: object): More {
  return { config: { gateway: { ...running().config.gateway, ...more } } };
}

export function issue(code: ConfigIssue["code"], path: string, message: string): ConfigIssue {
  return { code, path, message, line: 3, next: editCommand(CONFIG, 3) };
}

export function folder(more: object): More {
  return { state: { found: { ...running().state.found, ...more } } };
}

export const configFile = (more: object): More => ({
  config: { file: { ...running().config.file, ...more } },
});
export const files = (...entries: object[]): More => ({ state: { entries } });
export const machine = (more: object): More => ({ machine: more });
export const clear = issue(
  "CONFIG_CLEAR_SECRET",
  "gateway.auth.token",
  "holds a secret in clear text",
);
export const counts = { devices: 2, pending: 0, invites: 0 };
export const damage = {
  code: "STORE_DAMAGED",
  file: `${STATE}/gateway.json`,
  message: "line 2: bad",
};

export type Case = [
  what: string,
  id: string,
  facts: DoctorFacts,
  expected: [level: VerdictLevel, message: RegExp, next?: string],
];
