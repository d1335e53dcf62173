import { asRoot, at, openclaw, shell } from "../protocol/command.ts";
import { say, type Text } from "../protocol/text.ts";

/** Who else uses a node's key: another program of the same machine, or another machine. */
export type KeyUse = "programs" | "machines";

/** What two connections of one node are, and what helps. `message` has no full stop. */
export interface KeyUseWords {
  readonly message: string;
  readonly next: Text;
}

const copied: KeyUseWords = {
  message:
    "two machines use one node's key, so one is a copy of the other; the newer connection serves",
  next: say`${at("gateway", openclaw`devices invite --role node`)} (and with its link, on the machine that is the copy: ${at("node", openclaw`connect - --new-key`)}, or for a service ${at("node", asRoot(openclaw`connect - --new-key --install-service`))})`,
};

const twice: KeyUseWords = {
  message: "two programs use one node's key; the newer connection serves, the other stands by",
  next: say`${at("node", asRoot(shell`systemctl stop openclaw-node`))} (on that machine, where one of them is its service; one in a terminal ends with Ctrl-C)`,
};

/** Says who uses the key of one node twice. */
export function keyUseWords(use: KeyUse): KeyUseWords {
  return use === "machines" ? copied : twice;
}
