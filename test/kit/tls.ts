import { execFile } from "node:child_process";
import { X509Certificate } from "node:crypto";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createServer, type TLSSocket } from "node:tls";
import { promisify } from "node:util";

/** A self-signed certificate that nobody trusts. */
async function selfSigned(): Promise<{ cert: Buffer; key: Buffer }> {
  const folder = await mkdtemp(join(tmpdir(), "tls-"));
  try {
    const [key, cert] = [join(folder, "key.pem"), join(folder, "cert.pem")];
    const kind = ["-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
    const name = ["-days", "2", "-subj", "/CN=localhost"];
    const args = ["req", ...kind, ...name, "-keyout", key, "-out", cert];
    await promisify(execFile)("openssl", args);
    return { cert: await readFile(cert), key: await readFile(key) };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** TLS in front of a plain port, as nginx would do it, under a certificate of its own. */
export class TlsFront {
  private constructor(
    readonly url: string,
    /** SHA-256, as openssl prints it. */
    readonly fingerprint: string,
    /** PEM. */
    readonly certificate: string,
    readonly close: () => Promise<void>,
  ) {}

  static async open(port: number): Promise<TlsFront> {
    const { cert, key } = await selfSigned();
    const sockets = new Set<TLSSocket>();
    const server = createServer({ cert, key }, (socket) => {
      const behind = connect(port, "127.0.0.1");
      sockets.add(socket);
      socket.on("error", () => behind.destroy());
      behind.on("error", () => socket.destroy());
      socket.on("close", () => {
        sockets.delete(socket);
        behind.destroy();
      });
      socket.pipe(behind).pipe(socket);
    });
    // Whoever refuses the certificate hangs up in the middle.
    server.on("tlsClientError", () => undefined);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const address = server.address();
    const at = typeof address === "object" ? address?.port : 0;
    const { fingerprint256 } = new X509Certificate(cert);
    const close = async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    };
    return new TlsFront(`wss://localhost:${at}`, fingerprint256, cert.toString(), close);
  }
}
