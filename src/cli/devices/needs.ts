import { ADMIN, PAIRING } from "../../protocol/access.ts";
import type { Needs } from "../connect.ts";

/** Most device commands: they also work on the state of a stopped gateway. */
export const pairingNeeds: Needs = { scopes: [PAIRING], stopped: "existing" };

/** Approving gives no more than the approver holds, and links are an admin's. */
export const adminNeeds: Needs = { scopes: [ADMIN, PAIRING], stopped: "existing" };
