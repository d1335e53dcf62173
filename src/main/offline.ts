import { Hub } from "../events/hub.ts";
import { Presence } from "../events/presence.ts";
import { Dispatcher, type Requester } from "../gateway/dispatch.ts";
import { RuntimeState } from "../gateway/runtime-state.ts";
import type { Environment } from "../lib/environment.ts";
import { allMethods } from "../methods/index.ts";
import { hostOwner } from "../pairing/pairing.ts";
import { openCore } from "./core.ts";
import { ServerFacts } from "./facts.ts";
import { newRing } from "./log.ts";
import { makeHealth, makeServices } from "./services.ts";

/** The methods of the gateway on its stopped state, for the command line. */
export interface Offline {
  /** Runs a method as the owner. Rejects with an Error that carries `code`, `message`, `details`. */
  request(method: string, params?: unknown): Promise<unknown>;
  close(): Promise<void>;
}

export const silent = { debug() {}, info() {}, warn() {}, error() {} };

/** Opens the state of a gateway that does not run, also where the configuration has errors. @throws StoreError */
export async function openOffline({ env }: { env: Environment }): Promise<Offline> {
  const core = await openCore({ env, log: silent, journal: null, brokenConfig: "opened" });
  const { world, limits } = core;
  const nobody = { audience: () => [], publish() {} };
  const presence = new Presence({ world, limits, self: { ts: world.now() }, ...nobody });
  const state = new RuntimeState({ world, limits, log: silent });
  const facts = new ServerFacts(core, { kind: "none" });
  const services = makeServices(core, {
    state,
    hub: new Hub(),
    presence,
    ...makeHealth(core, state, () => "stopped"),
    logRing: newRing(),
    info: () => facts.info(),
    restart() {},
    expectRestart() {},
    stop() {},
  });
  let defect: unknown;
  const dispatcher = new Dispatcher({
    methods: allMethods,
    services,
    maxInFlight: limits.requestsInFlight,
    monotonic: () => world.monotonic(),
    // There is no log to point to here: the caller gets the defect itself.
    defect: (_method, error) => {
      defect = error;
    },
  });
  return {
    request: (method, params) =>
      ask(dispatcher, method, params).catch((refusal) => {
        throw defect ?? refusal;
      }),
    close: async () => {
      presence.close();
      await core.close();
    },
  };
}

/** One request through the dispatcher, as a promise. */
export function ask(dispatcher: Dispatcher, method: string, params: unknown): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const from: Requester = {
      id: "host-offline",
      inFlight: 0,
      onEnd: () => () => {},
      send: (text) => {
        const answer = JSON.parse(text);
        if (answer.ok) resolve(answer.payload);
        else reject(Object.assign(new Error(answer.error.message), answer.error));
      },
    };
    dispatcher.dispatch(from, hostOwner, { type: "req", id: "1", method, params });
  });
}
