import { partsOf, plainText, type Text, type TextPart } from "./text.ts";

/** Something that people should know about a gateway that works. */
export interface GatewayNote {
  /** Names it for programs. */
  readonly code: string;
  /** What is so, without what helps. */
  readonly message: string;
  /** What helps, where anything does. */
  readonly next?: Text | undefined;
  /** Both as one text. */
  readonly text: Text;
}

/** What may be noted besides a warning about the configuration, whose codes are those of its findings. */
export const noteCodes = {
  NO_SHARED_SECRET: "no shared token or password is set, so clients that need one are refused",
  SHARED_TOKEN_DIFFERS: "the token in the environment is not the one in force",
  CONTAINER_LOOPBACK: "the gateway listens where no port that its container publishes leads",
  PROXY_NOT_TRUSTED: "a proxy names its visitors and is not trusted, so all of them count as one",
  CONFIG_NOT_IN_FORCE: "the configuration's file has errors, so what was in force before stays",
  CONFIG_OVERRIDDEN: "a key of the configuration does not count: the environment or a flag sets it",
  CONFIG_REPLACED: "the mounted configuration was replaced outside, which does not show here",
  RESTART_DUE: "a setting changed that takes effect at the next start",
  DASHBOARD_ROOT_NOT_SERVED: "the web app of `dashboard.root` is not served",
  SSH_SOCKET_FAILED: "the socket for approval over SSH could not be made",
  SSH_KEYS_UNPUBLISHED: "sshd does not know the keys of approvers",
} as const;

/** A note as it goes on the wire. */
export interface NoteRow {
  readonly code: string;
  readonly message: string;
  readonly next?: TextPart[];
}

/** Notes as results hold them: as one text each, for clients that show them, and with their codes. */
export function noteFields(notes: readonly GatewayNote[]): {
  warnings: string[];
  notes: NoteRow[];
} {
  return { warnings: notes.map(({ text }) => plainText(text)), notes: notes.map(noteRow) };
}

function noteRow({ code, message, next }: GatewayNote): NoteRow {
  return { code, message, ...(next !== undefined && { next: [...partsOf(next)] }) };
}
