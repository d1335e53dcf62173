/** A user to act as. */
export interface Ids {
  readonly uid: number;
  readonly gid: number;
}

/**
 * Runs `work` with the rights of another user, and takes root's back afterwards. What root does in a
 * folder of somebody else's goes wherever a link leads that they put there; what they do themselves
 * does not lead further than they may go. Needs root, unless it is this user already.
 */
export async function asUser<T>({ uid, gid }: Ids, work: () => Promise<T>): Promise<T> {
  const { geteuid, getegid, getgroups, seteuid, setegid, setgroups } = process;
  const isThey = geteuid?.() === uid && getegid?.() === gid;
  if (isThey || !geteuid || !getegid || !getgroups || !seteuid || !setegid || !setgroups) {
    return work();
  }
  const before = { uid: geteuid(), gid: getegid(), groups: getgroups() };
  setgroups([gid]);
  setegid(gid);
  seteuid(uid);
  try {
    return await work();
  } finally {
    seteuid(before.uid);
    setegid(before.gid);
    setgroups(before.groups);
  }
}
