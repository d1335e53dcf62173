/** What a node answers instead of a result. */
export class HostError extends Error {
  override readonly name = "HostError";

  constructor(
    readonly code: "INVALID_REQUEST" | "NOT_ALLOWED" | "UNAVAILABLE" | "CANCELLED" | "FAILED",
    message: string,
  ) {
    super(message);
  }
}

export function invalid(message: string): HostError {
  return new HostError("INVALID_REQUEST", message);
}
