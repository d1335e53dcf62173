import { cleanText } from "../lib/text.ts";
import { hostOwner } from "../pairing/pairing.ts";
import type { SshKeys } from "../pairing/ssh.ts";
import type { SshKeyProblem } from "../pairing/ssh-keys.ts";
import { encodeError, type RequestFrame } from "../protocol/frames.ts";
import type { Dispatcher, Requester } from "./dispatch.ts";
import type { Telemetry } from "./telemetry.ts";

/**
 * What a request says about its sender. Nothing but the socket's folder and mode vouches for it.
 */
export interface Said {
  /** The user that the command line is run by, as it says. */
  readonly claims?: string;
  /** Fingerprint of the SSH key that logged in, and where from. */
  readonly key?: string;
  readonly address?: string;
}

type Dispatch = (from: Requester, frame: RequestFrame, said: Said) => void;

/** Requests over the admin socket are the owner's; what they claim about who typed them is noted. */
export function ownerRequests(dispatcher: Dispatcher): Dispatch {
  return (from, frame, { claims }) => {
    const actor = claims === undefined ? hostOwner : { ...hostOwner, claims };
    dispatcher.dispatch(from, actor, frame);
  };
}

/** Requests over the approval socket are those of the SSH key that logged in, while it counts. */
export function approverRequests(
  dispatcher: Dispatcher,
  { ssh, telemetry }: { ssh: Pick<SshKeys, "actorOf">; telemetry: Telemetry },
): Dispatch {
  return (from, frame, said) => {
    const actor = ssh.actorOf(said.key ?? "", said.address);
    if (typeof actor !== "string") {
      dispatcher.dispatch(from, actor, frame);
      return;
    }
    telemetry.count("ssh-key-refused");
    const message = keyProblems[actor];
    const facts = { key: cleanText(said.key), address: cleanText(said.address), why: actor };
    telemetry.refusalLog.write({ level: "info", kind: "ssh-key-refused", facts, message });
    from.send(encodeError(frame.id, { code: "FORBIDDEN", message }));
  };
}

const keyProblems: Readonly<Record<SshKeyProblem, string>> = {
  unknown: "This key may not approve any more.",
  expired: "This key's time is over.",
  address: "This key may not be used from where you are.",
};
