import { accessChecks } from "./access-checks.ts";
import { configChecks, webChecks } from "./config-checks.ts";
import { configLiveChecks } from "./config-live-checks.ts";
import { containerChecks } from "./container-checks.ts";
import type { Check, DoctorFacts } from "./facts.ts";
import { gatewayChecks } from "./gateway-checks.ts";
import { machineChecks } from "./machine-checks.ts";
import { sshChecks } from "./ssh-checks.ts";
import { stateChecks } from "./state-checks.ts";
import type { Finding } from "./verdict.ts";
import { webhookChecks } from "./webhook-checks.ts";

/** Every check by its id, in the order of the report. Ids are stable; the sentences are not. */
export const checks: Readonly<Record<string, Check>> = {
  ...gatewayChecks,
  ...configChecks,
  ...configLiveChecks,
  ...stateChecks,
  ...accessChecks,
  ...machineChecks,
  ...webChecks,
  ...sshChecks,
  ...webhookChecks,
};

/** The findings of all checks that apply. */
export function examine(facts: DoctorFacts): Finding[] {
  const others = facts.machine.isContainer ? containerChecks : {};
  return Object.entries({ ...checks, ...others }).flatMap(([id, check]) => {
    const verdict = check(facts);
    return verdict ? [{ id, ...verdict }] : [];
  });
}
