import type { NodeError } from "../nodes/invoke.ts";
import { platformOf } from "../nodes/policy.ts";
import type { NodeSession } from "../nodes/sessions.ts";
import { unavailable } from "../protocol/errors.ts";
import type { Call } from "./method.ts";
import { RETRY_MS } from "./nodes-common.ts";

/** What a phone can do only while a person looks at it. */
const FOREGROUND = /^(camera|screen|talk|canvas)\./;
/** The code of OpenClaw's apps for it. */
const BACKGROUND = "NODE_BACKGROUND_UNAVAILABLE";
const PARAMS_CHARS = 64 * 1024;

interface Failed {
  readonly session: NodeSession;
  readonly command: string;
  readonly paramsJSON: string | undefined;
  readonly error: NodeError;
}

/**
 * Keeps a command that a phone refused because its app is in the background; the phone asks for it
 * with `node.pending.pull` when it is in the foreground again. Does nothing about other failures.
 * @throws RequestError once it is kept
 */
export async function queueForForeground(failed: Failed, { services }: Call): Promise<void> {
  const { session, command, paramsJSON = null, error } = failed;
  if (
    error.code !== BACKGROUND ||
    platformOf(session.facts.text) !== "ios" ||
    !FOREGROUND.test(command)
  )
    return;
  if (paramsJSON !== null && paramsJSON.length > PARAMS_CHARS) return;
  const { nodeId } = session;
  const queued = await services.nodes.work.queueAction(nodeId, { command, paramsJSON });
  throw unavailable("node command queued until iOS returns to foreground", RETRY_MS, {
    code: "QUEUED_UNTIL_FOREGROUND",
    queuedActionId: queued.id,
    nodeId,
    command,
    nodeError: error,
  });
}
