import type { ReachedGateway } from "../../reach/gateway.ts";
import { sshSettings } from "./settings.ts";
import type { Step } from "./steps.ts";

/** Keys of the configuration by what they are to be; `undefined` leaves one as it is. */
type Wanted = Readonly<Record<string, string | undefined>>;

/** The steps that set the keys whose values differ. */
export async function settingSteps(gateway: ReachedGateway, wanted: Wanted): Promise<Step[]> {
  const now: Readonly<Record<string, unknown>> = { ...(await sshSettings(gateway)).ssh };
  return Object.entries(wanted).flatMap(([path, value]) => {
    const before = now[path.replace("gateway.ssh.", "")];
    if (value === undefined || String(before) === value) return [];
    return [
      {
        words: `set ${path} to ${value} in the gateway's configuration`,
        run: async () => void (await setKey(gateway, path, value)),
        undo: async () =>
          void (await setKey(gateway, path, before === undefined ? undefined : String(before))),
      },
    ];
  });
}

/**
 * Sets a key, or unsets it without `value`, also where that ends the last remaining admin: enabling
 * approval over SSH ends with a proof that it works, and an undone step restores what was before.
 */
function setKey(gateway: ReachedGateway, path: string, value?: string): Promise<unknown> {
  const set = { path, ...(value !== undefined && { value }) };
  return gateway.request("host.config.set", { ...set, force: true });
}
