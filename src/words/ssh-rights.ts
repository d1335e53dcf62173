/** What an approver's key may let in, in the order they are shown, with what people read of it. */
export const sshRights = {
  operator: "browsers, phones and programs (none with full control)",
  node: "nodes (none that runs programs)",
  admin: "everybody, with full control too",
} as const;
export type SshRight = keyof typeof sshRights;

export function isSshRight(word: string): word is SshRight {
  return Object.hasOwn(sshRights, word);
}

/** Columns of a phone's terminal held upright: what answers over SSH fit in. */
export const PHONE_COLUMNS = 40;
