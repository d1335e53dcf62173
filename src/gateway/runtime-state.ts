import type { ConnectFacts } from "../auth/facts.ts";
import type { World } from "../lib/world.ts";
import type { Limits } from "../limits/table.ts";
import { AdmissionControl } from "./admission.ts";
import { MemoryAccount } from "./memory.ts";
import { ProtocolUse } from "./protocol-use.ts";
import { Registry } from "./registry.ts";
import { Shares } from "./shares.ts";
import { type GatewayLog, Telemetry } from "./telemetry.ts";

interface Deps {
  readonly world: World;
  readonly limits: Limits;
  readonly log: GatewayLog;
}

/**
 * What the parts of a running gateway share and nothing of which outlives it: who is connected, how many
 * there may be, and what was counted. It knows none of those parts, so it is made before them.
 */
export class RuntimeState {
  readonly registry = new Registry();
  readonly admission: AdmissionControl;
  /** What each device takes, over all its connections. */
  readonly shares = new Shares();
  /** What is held in memory for clients. */
  readonly memory: MemoryAccount;
  readonly telemetry: Telemetry;
  readonly protocols: ProtocolUse;

  /** Connects are decided while it is `ready`, and refused before and after. */
  phase: ConnectFacts["phase"] = "starting";

  constructor(deps: Deps) {
    this.admission = new AdmissionControl(deps.limits, () => deps.world.monotonic());
    this.telemetry = new Telemetry(deps);
    this.protocols = new ProtocolUse(deps.limits);
    this.memory = new MemoryAccount(deps.limits);
  }
}
