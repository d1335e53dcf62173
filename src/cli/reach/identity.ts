import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  randomBytes,
  sign,
} from "node:crypto";
import { chmodSync, mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { shell } from "../../protocol/command.ts";
import { say } from "../../protocol/text.ts";
import { CliError } from "../kit/exit.ts";

/** This command line as a device of its own; used only with `--url`. */
export interface CliIdentity {
  readonly deviceId: string;
  readonly publicKeyPem: string;
  readonly privateKeyPem: string;
}

export interface StoredToken {
  readonly token: string;
  readonly scopes: string[];
}

/** The last bytes of an Ed25519 key in SPKI form are the key itself. */
const RAW_KEY_BYTES = 32;

/** Where this user's command line keeps its key and its tokens. */
export function cliFolder(env: NodeJS.ProcessEnv): string {
  return join(env["HOME"] || homedir(), ".openclaw-gateway");
}

/**
 * The device key of this command line, made on first use. `folder` holds it; `name` is the file's
 * name, another one for a node host.
 * @throws CliError (failed) where the file holds no usable key
 */
export function loadIdentity(folder: string, name = "cli-identity.json"): CliIdentity {
  const file = join(folder, name);
  const pem = readJson(file)?.["privateKeyPem"];
  if (pem === undefined) return createIdentity(file);
  keepPrivate(file);
  try {
    return identityOf(String(pem));
  } catch (cause) {
    throw new CliError("failed", `${file} holds no usable key`, {
      next: say`${shell`rm ${file}`} (this device must then be approved anew)`,
      cause,
    });
  }
}

/** A key that is kept nowhere. */
export function newIdentity(): CliIdentity {
  const { privateKey } = generateKeyPairSync("ed25519");
  return identityOf(privateKey.export({ type: "pkcs8", format: "pem" }).toString());
}

function createIdentity(file: string): CliIdentity {
  const identity = newIdentity();
  writePrivate(file, { version: 1, ...identity });
  return identity;
}

function identityOf(privateKeyPem: string): CliIdentity {
  const publicKey = createPublicKey(createPrivateKey(privateKeyPem));
  const publicKeyPem = publicKey.export({ type: "spki", format: "pem" }).toString();
  const deviceId = createHash("sha256").update(rawKey(publicKeyPem)).digest("hex");
  return { deviceId, publicKeyPem, privateKeyPem };
}

function rawKey(publicKeyPem: string): Buffer {
  const der = createPublicKey(publicKeyPem).export({ type: "spki", format: "der" });
  return der.subarray(-RAW_KEY_BYTES);
}

/** The raw public key as the protocol carries it. */
export function rawKeyText(publicKeyPem: string): string {
  return rawKey(publicKeyPem).toString("base64url");
}

export function signText(privateKeyPem: string, text: string): string {
  return sign(null, Buffer.from(text), privateKeyPem).toString("base64url");
}

/** Device tokens that gateways gave this command line, by `gateway role`. */
export class TokenFile {
  readonly #file: string;

  constructor(folder: string, name = "cli-tokens.json") {
    this.#file = join(folder, name);
  }

  load(key: string): StoredToken | null {
    const found = readJson(this.#file)?.[key] as Partial<StoredToken> | undefined;
    if (typeof found?.token !== "string") return null;
    return { token: found.token, scopes: Array.isArray(found.scopes) ? found.scopes : [] };
  }

  store(key: string, token: StoredToken): void {
    const before = this.load(key);
    if (JSON.stringify(before) === JSON.stringify(token)) return;
    writePrivate(this.#file, { ...readJson(this.#file), [key]: token });
  }

  clear(key: string): void {
    const { [key]: _gone, ...rest } = readJson(this.#file) ?? {};
    writePrivate(this.#file, rest);
  }
}

function readJson(file: string): Record<string, unknown> | undefined {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as Record<string, unknown>;
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw new CliError("failed", `${file} can't be read`, { next: shell`ls -l ${file}`, cause });
  }
}

/** A key that came back from a copy or a backup may have got another mode on the way. */
function keepPrivate(file: string): void {
  try {
    if ((statSync(file).mode & 0o077) !== 0) chmodSync(file, 0o600);
  } catch {
    // Another user's file, readable by this user on purpose.
  }
}

function writePrivate(file: string, value: unknown): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const temporary = `${file}.${randomBytes(4).toString("hex")}.tmp`;
  writeFileSync(temporary, `${JSON.stringify(value, null, 2)}\n`, { mode: 0o600, flag: "wx" });
  renameSync(temporary, file);
}
