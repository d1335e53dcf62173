import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { until } from "../../kit/until.ts";
import type { Vps } from "../../kit/vps.ts";

export interface AuthorityOptions {
  /** The name it gives certificates for: led to the machine, as an entry in DNS would. */
  readonly name: string;
  /** Where it is asked, and where it looks for challenges. */
  readonly port: number;
  readonly challengePort: number;
}

const FOLDER = "/root/authority";

/** Debian's `pebble` in a machine: a certificate authority that speaks ACME, as Let's Encrypt does. */
export class Authority {
  private constructor(
    readonly directory: string,
    /** What its own web server's certificate is checked with. */
    readonly caFile: string,
    /** PEM of what its certificates are signed with in the end. */
    readonly root: string,
  ) {}

  static async start(vps: Vps, options: AuthorityOptions): Promise<Authority> {
    const { name, port, challengePort } = options;
    await vps.ok(["sh", "-c", `echo "127.0.0.1 localhost ${name}" >>/etc/hosts`]);
    await vps.ok(["apt-get", "update", "-qq"]);
    await vps.ok(["apt-get", "install", "-y", "-qq", "--no-install-recommends", "pebble"], {
      env: { DEBIAN_FRONTEND: "noninteractive" },
    });
    const { cert, key } = await localhostCertificate();
    const config = {
      pebble: {
        listenAddress: `127.0.0.1:${port}`,
        managementListenAddress: `127.0.0.1:${port + 1}`,
        certificate: `${FOLDER}/cert.pem`,
        privateKey: `${FOLDER}/key.pem`,
        httpPort: challengePort,
        tlsPort: challengePort,
        ocspResponderURL: "",
      },
    };
    await vps.ok(["mkdir", FOLDER]);
    await vps.ok(["tee", `${FOLDER}/cert.pem`], { input: cert });
    await vps.ok(["tee", `${FOLDER}/key.pem`], { input: key });
    await vps.ok(["tee", `${FOLDER}/config.json`], { input: JSON.stringify(config) });
    const service = [
      "--unit=authority",
      "--setenv=PEBBLE_VA_NOSLEEP=1",
      "--setenv=PEBBLE_WFE_NONCEREJECT=0",
    ];
    await vps.ok(["systemd-run", "-q", ...service, "pebble", "-config", `${FOLDER}/config.json`]);
    const asks = ["curl", "-fsS", "--cacert", `${FOLDER}/cert.pem`];
    const root = await until(async () => {
      const { code, stdout } = await vps.exec([...asks, `https://localhost:${port + 1}/roots/0`]);
      return code === 0 ? stdout : undefined;
    }, "the certificate authority");
    return new Authority(`https://localhost:${port}/dir`, `${FOLDER}/cert.pem`, root);
  }
}

async function localhostCertificate(): Promise<{ cert: string; key: string }> {
  const folder = await mkdtemp(join(tmpdir(), "authority-"));
  try {
    const [key, cert] = [join(folder, "key.pem"), join(folder, "cert.pem")];
    const kind = [
      "-x509",
      "-newkey",
      "rsa:2048",
      "-nodes",
      "-days",
      "30",
      "-subj",
      "/CN=localhost",
    ];
    const names = ["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"];
    await promisify(execFile)("openssl", ["req", ...kind, ...names, "-keyout", key, "-out", cert]);
    return { cert: await readFile(cert, "utf8"), key: await readFile(key, "utf8") };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
