import type { SetupAccess } from "../protocol/setup-access.ts";

/** What makes a link a setup code. */
export interface Setup {
  readonly access: SetupAccess;
  /** The gateway's address in the code. */
  readonly url: string;
  /** It has a join address too, where the code can be fetched once. */
  readonly joins?: true;
  readonly fetchedAtMs?: number;
  /** When the device that it paired was sent its tokens. */
  readonly toldAtMs?: number;
}

/** The device that used a setup code was sent its tokens. */
export interface SetupChange {
  readonly op: "setup-told";
  readonly inviteId: string;
  readonly at: number;
}

export function applySetupTold<Link extends { readonly setup?: Setup }>(
  links: Map<string, Link>,
  { inviteId, at }: SetupChange,
): void {
  const link = links.get(inviteId);
  if (link?.setup) links.set(inviteId, { ...link, setup: { ...link.setup, toldAtMs: at } });
}
