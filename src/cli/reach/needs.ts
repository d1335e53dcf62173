import { ADMIN, NODES, PAIRING, READ } from "../../protocol/access.ts";
import type { Needs } from "./gateway.ts";

/** Most device commands: they also work on the state of a stopped gateway. */
export const pairingNeeds: Needs = { scopes: [PAIRING], stopped: "existing" };

/** Approving gives no more than the approver holds, and links are an admin's. */
export const adminNeeds: Needs = { scopes: [ADMIN, PAIRING], stopped: "existing" };

/** Changes are the owner's on the host; they also work before the first start. */
export const hostNeeds: Needs = { scopes: [], stopped: "create", hostOnly: true };

export const readNeeds: Needs = { scopes: [READ], stopped: "existing" };

/** Looking and deciding: also on the state of a gateway that does not run. */
export const listNeeds: Needs = { scopes: [PAIRING, READ], stopped: "existing" };

/** Commands that run programs are an admin's to approve. */
export const approveNeeds: Needs = { scopes: [ADMIN, PAIRING, READ], stopped: "existing" };

/** Looking at connections, which a gateway has only while it runs. */
export const liveNeeds: Needs = { scopes: [READ] };

export const invokeNeeds: Needs = { scopes: [NODES, READ] };
