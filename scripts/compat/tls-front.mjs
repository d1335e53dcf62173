// TLS before the gateway, with a certificate of its own: how another computer comes in.
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { connect } from "node:net";
import { networkInterfaces } from "node:os";
import { join } from "node:path";
import { createServer } from "node:tls";
import { NotWorking } from "./processes.mjs";

/**
 * Listens with TLS on an address of this machine that is not loopback, and hands the bytes on to `port`.
 * @param {{ folder: string, port: number }} to
 * @returns {Promise<{ url: string, certificate: string, close: () => void }>}
 */
export async function tlsFront({ folder, port }) {
  const address = outsideAddress();
  const key = join(folder, "tls.key");
  const certificate = join(folder, "tls.pem");
  const names = ["-subj", "/CN=compat", "-addext", `subjectAltName=IP:${address}`];
  const files = ["-keyout", key, "-out", certificate, "-days", "1", "-nodes"];
  const curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"];
  execFileSync("openssl", ["req", "-x509", ...curve, ...files, ...names], { stdio: "ignore" });
  const server = createServer(
    { key: readFileSync(key), cert: readFileSync(certificate) },
    (socket) => {
      const gateway = connect(port, "127.0.0.1");
      socket.pipe(gateway).pipe(socket);
      socket.on("error", () => gateway.destroy());
      gateway.on("error", () => socket.destroy());
    },
  );
  await new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, address, () => resolve(undefined));
  });
  const at = server.address();
  const url = `wss://${address}:${typeof at === "object" && at ? at.port : 0}`;
  return { url, certificate, close: () => server.close() };
}

/** To loopback their command line sends no key, so it takes an address that others see. */
function outsideAddress() {
  const all = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  const found = all.find(({ family, internal }) => family === "IPv4" && !internal);
  if (!found) throw new NotWorking("this machine has no address but loopback");
  return found.address;
}
