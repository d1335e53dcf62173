import { execFileSync, spawnSync } from "node:child_process";

let made = 0;

/** Whether this process may make network namespaces. */
export const canIsolate =
  process.getuid?.() === 0 && spawnSync("ip", ["-V"]).status === 0 && canUnshare();

function canUnshare(): boolean {
  return spawnSync("unshare", ["--net", "true"]).status === 0;
}

/**
 * A network of its own, with nothing in it but `lo`, on which every address of 127.0.0.0/8 and of
 * {@link PREFIX} is this machine's: who runs in it comes from as many addresses as wanted.
 */
export class Namespace {
  private constructor(private readonly name: string) {}

  static make(): Namespace {
    made += 1;
    const name = `openclaw-siege-${process.pid}-${made}`;
    execFileSync("ip", ["netns", "add", name]);
    const namespace = new Namespace(name);
    execFileSync("ip", ["-n", name, "link", "set", "lo", "up"]);
    execFileSync("ip", ["-n", name, "-6", "route", "add", "local", PREFIX, "dev", "lo"]);
    // Else only addresses that an interface has can be come from.
    const bindable = "echo 1 >/proc/sys/net/ipv6/ip_nonlocal_bind";
    execFileSync("ip", ["netns", "exec", name, "sh", "-c", bindable]);
    return namespace;
  }

  /** What a program is run by so that it runs in here. */
  get runner(): readonly string[] {
    return ["ip", "netns", "exec", this.name];
  }

  /** When its programs have ended. */
  remove(): void {
    spawnSync("ip", ["netns", "delete", this.name]);
  }
}

/** For documentation (RFC 3849): not routed anywhere. */
export const PREFIX = "2001:db8::/32";
