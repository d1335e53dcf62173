import notify from "node-systemd-notify";

/** Readiness and state for systemd, through systemd-notify(1); nothing where no systemd asks for it. */
export interface SystemdNotifier {
  ready(status: string): Promise<void>;
  status(text: string): Promise<void>;
}

/** A notifier for this process. Failures are reported to `warn` and change nothing else. */
export function systemdNotifier(
  env: Readonly<Record<string, string | undefined>>,
  warn: (message: string) => void,
): SystemdNotifier {
  const send = async (options: Parameters<typeof notify>[0]) => {
    if (env["NOTIFY_SOCKET"] === undefined) return;
    try {
      await notify({ ...options, pid: process.pid });
    } catch (error) {
      warn(`systemd-notify failed: ${error instanceof Error ? error.message : String(error)}`);
    }
  };
  return {
    ready: (status) => send({ ready: true, status }),
    status: (status) => send({ status }),
  };
}
