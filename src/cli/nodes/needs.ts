import { ADMIN, PAIRING, READ, WRITE } from "../../protocol/access.ts";
import type { Needs } from "../connect.ts";

/** Looking and deciding: also on the state of a gateway that does not run. */
export const listNeeds: Needs = { scopes: [PAIRING, READ], stopped: "existing" };

/** Commands that run programs are an admin's to approve. */
export const approveNeeds: Needs = { scopes: [ADMIN, PAIRING, READ], stopped: "existing" };

/** Whoever is connected is known to a gateway that runs. */
export const liveNeeds: Needs = { scopes: [READ] };

export const invokeNeeds: Needs = { scopes: [READ, WRITE] };
