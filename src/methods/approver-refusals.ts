import { at, type Command, OPENCLAW, shell } from "../protocol/command.ts";
import { invalidRequest, RequestError, wireDetails } from "../protocol/errors.ts";
import { commandsIn, partsOf, readText, say, type Text } from "../protocol/text.ts";

/**
 * What a person with a phone can do about a refusal. A command of ours is said to be for the gateway's
 * machine: over SSH its words are no verb. Errors that are no refusals are answered as they are.
 */
export function inWords(error: unknown): unknown {
  if (!(error instanceof RequestError)) return error;
  const { details = {} } = error.shape;
  const next = readText(details["next"]);
  if (details["code"] === "MISSING_SCOPE") return notYours(next);
  if (details["code"] === "DENIED") return notYours();
  if (details["code"] === "UNKNOWN_REQUEST") return unknownCode(details["replacedBy"]);
  return next === undefined ? error : elsewhere(error, next);
}

function unknownCode(replacedBy: unknown): RequestError {
  return typeof replacedBy === "string"
    ? refusal(
        `The device asks for something else now, with the code ${replacedBy}.`,
        shell`show ${replacedBy}`,
      )
    : refusal("Nobody waits with that code. It may have ended, or been mistyped.", shell`list`);
}

/** The refusal of what a key has no right to. `next`: who may do it, and how. */
export function notYours(next?: Text): RequestError {
  return refusal("This key may not do that. It takes one with more rights.", next);
}

/** Of an approval that can't leave something out: what may be done with the request by its verbs. */
export function wholeOrNot(error: unknown, code: string): unknown {
  const inseparable =
    error instanceof RequestError && error.shape.details?.["code"] === "NOT_SEPARABLE";
  if (!inseparable) return error;
  const next = say`${shell`approve ${code}`} (with it), or ${shell`reject ${code}`}`;
  const details = wireDetails({ ...error.shape.details, next });
  return new RequestError({ ...error.shape, details });
}

/** `next`: a verb of the approve socket, or what is done elsewhere. */
function refusal(message: string, next?: Text): RequestError {
  return invalidRequest(message, next === undefined ? undefined : { next });
}

function elsewhere(error: RequestError, next: Text): RequestError {
  const isHere = ({ program, at: place }: Command) => program === OPENCLAW && place === "here";
  if (!commandsIn(next).some(isHere)) return error;
  const moved = partsOf(next).map((part) =>
    typeof part !== "string" && isHere(part) ? at("gateway", part) : part,
  );
  const details = wireDetails({ ...error.shape.details, next: say`on the gateway host: ${moved}` });
  return new RequestError({ ...error.shape, details });
}
