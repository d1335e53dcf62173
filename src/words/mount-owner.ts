import { asRoot, blank, shell } from "../protocol/command.ts";
import { say, type Text } from "../protocol/text.ts";

/** A user, as the system numbers users; or whose a file is. */
interface Who {
  readonly uid: number;
  readonly gid: number;
}

/** Why something that is mounted into a container can't be used, and what helps on its host. */
export interface MountCure {
  readonly why: string;
  readonly next: Text;
}

/** Where something belongs to another user than the one who is to use it. */
interface Where {
  readonly isContainer: boolean;
  readonly self?: Who;
}

/** The user that the image runs the gateway as. */
const IMAGE_UID = 1000;

/** What of the mount the reader fills in: its path on the host is not known in the container. */
const FOLDER = blank("FOLDER");
const FILE = blank("FILE");

/** The user that this program runs as; root where the platform has none. */
export function ownUser(): Who {
  return { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
}

/**
 * What helps where the folder `path` of a container, mounted there, belongs to another user than
 * this program's; `undefined` outside of containers, and where the owner is not what is wrong.
 */
export function folderOwnerCure(path: string, owner: Who, where: Where): MountCure | undefined {
  const wrong = otherOwner(path, owner, where);
  if (wrong === undefined) return undefined;
  const { why, self } = wrong;
  const give = asRoot(shell`chown -R ${`${self.uid}:${self.gid}`} ${FOLDER}`);
  const user = self.uid === IMAGE_UID ? "" : "; or take user: out of compose.yaml";
  return {
    why,
    next: say`on the host: ${give} (FOLDER: what compose.yaml mounts at ${path}; of a named volume the Mountpoint that ${shell`docker volume inspect ${blank("VOLUME")}`} shows${user})`,
  };
}

/** As {@link folderOwnerCure}, for a file with a secret. */
export function secretOwnerCure(path: string, owner: Who, where: Where): MountCure | undefined {
  const wrong = otherOwner(path, owner, where);
  if (wrong === undefined) return undefined;
  const { why, self } = wrong;
  const give = asRoot(shell`chown ${`${self.uid}:${self.gid}`} ${FILE}`);
  return {
    why: `${why}, which may not read it`,
    next: say`on the host: ${give} (FILE: what is mounted at ${path})`,
  };
}

/** That `path` belongs to another user, and who is to use it; `undefined` where that is not what is wrong. */
function otherOwner(path: string, owner: Who, { isContainer, self = ownUser() }: Where) {
  if (!isContainer || owner.uid === self.uid) return undefined;
  const why = `${path} belongs to user ${owner.uid}, and the gateway runs as user ${self.uid}`;
  return { why, self };
}
