import { execFile } from "node:child_process";
import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { Publisher } from "../../install/support.ts";
import type { Result } from "../../kit/outcome.ts";
import type { Vps } from "../../kit/vps.ts";
import type { VpsKind } from "../../kit/vps-base.ts";
import { makeKey } from "../../release/support/release.ts";
import { publishRelease } from "./published.ts";

/** Where an installation keeps the script that takes it off again. */
export const OWN_SCRIPT = "/opt/openclaw-gateway/current/install/install.sh";
export const LOG = "/var/log/openclaw-gateway-install.log";
export const CONFIG = "/etc/openclaw-gateway/openclaw.json";
export const SITE = "/etc/nginx/conf.d/openclaw-gateway.conf";
export const OWN_CERT = "/etc/nginx/openclaw-gateway/cert.pem";

/** A published release, and what people type to install it on a machine. */
export class Installing {
  private constructor(
    readonly temp: string,
    readonly publisher: Publisher,
    readonly key: string,
  ) {}

  /** Makes the release for such machines, and publishes it. */
  static async publish(kind: VpsKind = "rented"): Promise<Installing> {
    const temp = await mkdtemp(join(tmpdir(), "installing-"));
    const publisher = await Publisher.start(join(temp, "release"));
    const key = await makeKey(temp);
    await publishRelease(join(temp, "release"), { url: publisher.url, key, kind });
    return new Installing(temp, publisher, key);
  }

  /** The line that a person types, with `words` behind it. */
  line(...words: (string | number)[]): string {
    return `curl -fsSL ${this.publisher.url}/install.sh | bash -s -- ${words.join(" ")}`;
  }

  run(vps: Vps, ...words: (string | number)[]): Promise<Result> {
    return vps.exec(["bash", "-c", this.line(...words)]);
  }

  /** Installs and resolves with what was said; throws where that failed. */
  ok(vps: Vps, ...words: (string | number)[]): Promise<string> {
    return vps.ok(["bash", "-c", this.line(...words)]);
  }

  /** Takes the gateway off by the script that it brought. */
  takeOff(vps: Vps, ...words: string[]): Promise<string> {
    return vps.ok(["sh", OWN_SCRIPT, "--uninstall", ...words]);
  }

  async close(): Promise<void> {
    await this.publisher.close();
    await rm(this.temp, { recursive: true, force: true });
  }
}

/** Puts a certificate for `name`, signed by itself, into `folder` of the machine as cert.pem and key.pem. */
export async function giveCertificate(vps: Vps, folder: string, name: string): Promise<void> {
  const temp = await mkdtemp(join(tmpdir(), "certificate-"));
  try {
    const [cert, key] = [join(temp, "cert.pem"), join(temp, "key.pem")];
    const curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
    const whose = ["-subj", `/CN=${name}`, "-addext", `subjectAltName=DNS:${name}`];
    const to = ["-keyout", key, "-out", cert, "-days", "2"];
    await promisify(execFile)("openssl", ["req", "-x509", ...curve, ...to, ...whose]);
    await vps.ok(["mkdir", "-p", folder]);
    for (const file of [cert, key]) {
      await cp(file, vps.path(join(folder, file === cert ? "cert.pem" : "key.pem")));
    }
  } finally {
    await rm(temp, { recursive: true, force: true });
  }
}

/** Whether a browser's page comes from the gateway at this address of the machine's; else why not. */
export async function answers(vps: Vps, url: string, host?: string): Promise<string> {
  const by = host === undefined ? [] : ["--connect-to", `${host}::127.0.0.1:`];
  const words = ["curl", "-qsk", "-o", "/dev/null", "-w", "%{http_code}", ...by, `${url}/healthz`];
  return (await vps.exec(words)).stdout;
}
