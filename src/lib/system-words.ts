/** What the system's error codes mean, for people who never heard of them. */
const words: Readonly<Record<string, string>> = {
  EACCES: "this user may not",
  EPERM: "this user may not",
  ENOENT: "there is no such file",
  ENOTDIR: "a part of its path is no folder",
  EISDIR: "it is a folder",
  EEXIST: "it is there already",
  ELOOP: "its links lead in a circle",
  ENAMETOOLONG: "its name is too long",
  ENOSPC: "the disk is full",
  EDQUOT: "this user's part of the disk is full",
  EROFS: "the disk can only be read",
  EIO: "the disk does not work",
  EMFILE: "too many files are open",
  ENFILE: "too many files are open on this machine",
  EADDRINUSE: "another program has that address",
  EADDRNOTAVAIL: "that is no address of this machine",
  ECONNREFUSED: "nothing answers there",
  ECONNRESET: "the other end cut the connection",
  EPIPE: "the other end cut the connection",
  ETIMEDOUT: "no answer came in time",
  ENOTFOUND: "no machine of that name is known",
  EAI_AGAIN: "the name can't be looked up now",
  EHOSTUNREACH: "no way leads there",
  ENETUNREACH: "no way leads there",
  ENOEXEC: "it is no program for this machine",
};

/**
 * The code of a system error, also of one that wraps others: each address of a name that was tried, or
 * its cause.
 */
export function systemCode(error: unknown): string | undefined {
  const { code, errors, cause } = (error ?? {}) as {
    code?: unknown;
    errors?: unknown;
    cause?: unknown;
  };
  if (typeof code === "string") return code;
  if (Array.isArray(errors) && errors.length > 0) return systemCode(errors[0]);
  return cause === undefined ? undefined : systemCode(cause);
}

/** The error in words; `undefined` where it is none of the system's, or a rare one. */
export function systemWords(error: unknown): string | undefined {
  const code = systemCode(error);
  return code !== undefined && Object.hasOwn(words, code) ? words[code] : undefined;
}

/**
 * The error in words, else its code, else "for an unknown reason": for places where something must
 * be said.
 */
export function whyFailed(error: unknown): string {
  return systemWords(error) ?? systemCode(error) ?? "for an unknown reason";
}
