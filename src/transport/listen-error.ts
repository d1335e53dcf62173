import { openclaw, shell } from "../protocol/command.ts";
import { say, type Text } from "../protocol/text.ts";

/** An address that cannot be listened on. */
export class ListenError extends Error {
  override readonly name = "ListenError";
  readonly code = "LISTEN_FAILED";
  readonly next: Text;

  constructor(address: string, port: number) {
    const where = port === 0 ? address : `${address} port ${port}`;
    const why =
      port === 0 && address.startsWith("/")
        ? "its folder is not there or not this user's, or something else is there"
        : "it is taken, or not an address of this machine";
    super(`cannot listen on ${where}: ${why}`);
    this.next =
      port === 0
        ? say`${openclaw`config get gateway.socket`} (and look at its folder: ${shell`ls -ld`})`
        : say`see who has it: ${shell`ss -ltnp ${`sport = :${port}`}`}; or choose another: ${openclaw`config set gateway.port ${port === 65_535 ? 18_789 : port + 1}`}`;
  }
}
