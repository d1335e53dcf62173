import { type Readiness, readiness } from "../gateway/health.ts";
import type { RuntimeState } from "../gateway/runtime-state.ts";
import type { Core } from "./core.ts";

/** Whether the gateway on this core takes connects and keeps what it is told. */
export function ready(core: Core, { phase }: Pick<RuntimeState, "phase">): Readiness {
  return readiness({ phase, store: core.state.stats, uptimeMs: core.uptimeMs() });
}
