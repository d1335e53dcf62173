/** A public key for SSH whose 32 bytes are all `byte`. */
export function sshKey(byte: number): string {
  const head = Buffer.from("\0\0\0\x0bssh-ed25519\0\0\0\x20");
  return `ssh-ed25519 ${Buffer.concat([head, Buffer.alloc(32, byte)]).toString("base64")} key`;
}
