import { parseSpan } from "../age.ts";

/** The options of `openclaw devices invite`. */
export interface InviteOptions {
  readonly role?: string;
  readonly scopes?: string;
  readonly expires?: string;
  readonly name?: string;
  readonly uses?: string;
  readonly qr?: boolean;
  readonly setupCode?: boolean;
  readonly access?: string;
  readonly publicUrl?: string;
}

/** What links and setup codes have in common. */
export function lifeParams({ expires, name }: Pick<InviteOptions, "expires" | "name">) {
  return {
    ...(expires !== undefined && { expiresInMs: parseSpan(expires, "--expires") }),
    ...(name !== undefined && { name }),
  };
}
