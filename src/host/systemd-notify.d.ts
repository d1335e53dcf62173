declare module "node-systemd-notify" {
  /** Runs systemd-notify(1) with these facts; rejects when it fails. */
  export default function notify(options: {
    ready?: boolean;
    status?: string;
    pid?: number;
  }): Promise<unknown>;
}
