import { READ } from "../../protocol/access.ts";
import type { Needs } from "../connect.ts";

/** Changes are the owner's on the host; they also work before the first start. */
export const hostNeeds: Needs = { scopes: [], stopped: "create", hostOnly: true };

export const readNeeds: Needs = { scopes: [READ], stopped: "existing" };
