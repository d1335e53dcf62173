import { Dispatcher } from "../gateway/dispatch.ts";
import type { Gateway } from "../gateway/gateway.ts";
import { approverRequests, ownerRequests } from "../gateway/local-requests.ts";
import { approverMethods } from "../methods/approver.ts";
import type { Watched } from "../methods/method.ts";
import type { Services } from "../methods/services.ts";
import { isCoded } from "../protocol/errors.ts";
import type { GatewayNote } from "../protocol/note.ts";
import { LocalServer } from "../transport/local-socket.ts";
import type { Core } from "./core.ts";

interface Parts {
  readonly gateway: Gateway;
  readonly services: Services;
  readonly warn: (note: GatewayNote) => void;
  readonly watched?: Watched | undefined;
}

/** The sockets for programs of this machine: the owner's, and the one for approval over SSH. */
export async function openLocalSockets(
  core: Core,
  parts: Parts,
): Promise<{ close(): Promise<void> }> {
  const admin = adminSocket(core, parts);
  const approve = approveSocket(core, parts);
  await admin.listen();
  let open = [admin];
  try {
    await approve.listen();
    open = [admin, approve];
  } catch (error) {
    // Everything else works without it.
    const message = `nobody can approve over SSH: ${(error as Error).message}`;
    const next = isCoded(error) ? error.next : undefined;
    parts.warn({ code: "SSH_SOCKET_FAILED", message, next, text: message });
  }
  const { unpublished } = await core.ssh.publish();
  if (unpublished) {
    const message = `sshd does not know the keys of approvers: ${unpublished}`;
    parts.warn({ code: "SSH_KEYS_UNPUBLISHED", message, text: message });
  }
  return { close: async () => void (await Promise.all(open.map((server) => server.close()))) };
}

function adminSocket({ adminSocket: path, limits }: Core, { gateway }: Parts): LocalServer {
  return new LocalServer({
    path,
    name: "admin",
    bounds: {
      connections: limits.adminConnections,
      frameBytes: limits.adminFrameBytes,
      frameLevels: limits.frameLevels,
      queueBytes: limits.adminQueueBytes,
      bufferedBytes: limits.adminBufferedBytes,
      hangUpMs: limits.localHangUpMs,
      leaving: limits.localLeaving,
    },
    dispatch: ownerRequests(gateway.dispatcher),
    refused: (why) => gateway.count(`admin-${why}`),
    memory: gateway.memory,
  });
}

/** A dispatcher of its own: a connection here reaches the verbs of approvers and nothing else. */
function approveSocket(core: Core, { gateway, services, watched }: Parts): LocalServer {
  const { limits, world, ssh } = core;
  const { telemetry } = gateway.state;
  const dispatcher = new Dispatcher({
    methods: watched ? approverMethods.map(watched) : approverMethods,
    services,
    maxInFlight: 1,
    monotonic: () => world.monotonic(),
    defect: (method, error) => telemetry.failed("a request failed", { method, err: error }),
  });
  return new LocalServer({
    path: core.approveSocket,
    name: "approve",
    bounds: {
      connections: limits.approveConnections,
      frameBytes: limits.approveFrameBytes,
      frameLevels: limits.frameLevels,
      // Its methods send no events.
      queueBytes: 0,
      bufferedBytes: limits.adminBufferedBytes,
      hangUpMs: limits.localHangUpMs,
      leaving: limits.localLeaving,
      idleMs: limits.approveIdleMs,
    },
    dispatch: approverRequests(dispatcher, { ssh, telemetry }),
    refused: (why) => telemetry.count(`approve-${why}`),
    memory: gateway.memory,
  });
}
