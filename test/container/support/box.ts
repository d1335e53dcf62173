import { mkdir, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import type { Result } from "../../kit/outcome.ts";
import { until } from "../../kit/until.ts";
import { type Engine, FOLDER, type How } from "./engine.ts";

export const SERVICE = "openclaw-gateway";
export const PORT = 18789;

export interface BoxOptions {
  /** What the compose file reads, as a file .env would say it. */
  readonly env?: Readonly<Record<string, string>>;
  /** Further files of the folder, before those that tests need. */
  readonly files?: readonly string[];
  /** Keys of the service that differ from the compose file's. */
  readonly service?: Readonly<Record<string, unknown>>;
}

/**
 * The gateway as the compose file runs it, as a project of its own: with a volume, a network and an
 * address of the machine's loopback (127.0.0.N) of its own. Nothing runs before {@link up}.
 */
export class Box {
  static #count = 1;
  readonly address: string;
  readonly #files: readonly string[];
  #service: Readonly<Record<string, unknown>>;
  #env: Readonly<Record<string, string>>;

  constructor(
    readonly engine: Engine,
    readonly name: string,
    options: BoxOptions = {},
  ) {
    Box.#count += 1;
    this.address = `127.0.0.${Box.#count}`;
    this.#files = ["compose.yaml", ...(options.files ?? [])];
    this.#service = options.service ?? {};
    this.#env = options.env ?? {};
  }

  get url(): string {
    return `ws://${this.address}:${PORT}`;
  }

  /** Changes what the next {@link up} says. */
  change({ env, service }: BoxOptions): void {
    this.#env = { ...this.#env, ...env };
    this.#service = { ...this.#service, ...service };
  }

  async compose(args: readonly string[]): Promise<Result> {
    return this.engine.exec(["docker", "compose", ...args], await this.#how());
  }

  /** Where and with what people type `docker compose` for this project. */
  async #how(): Promise<How> {
    const { engine, name } = this;
    const more = `/root/boxes/${name}/compose.override.yaml`;
    await mkdir(dirname(engine.path(more)), { recursive: true });
    // YAML that is JSON too.
    const services = { services: { [SERVICE]: { ...QUICK, ...this.#service } } };
    await writeFile(engine.path(more), JSON.stringify(services));
    const project = {
      COMPOSE_PROJECT_NAME: name,
      COMPOSE_FILE: [...this.#files, more].join(":"),
      OPENCLAW_PUBLISH: this.address,
    };
    return { folder: FOLDER, env: { ...project, TERM: "xterm", ...this.#env } };
  }

  /** `docker compose …` that must succeed; resolves with what it printed. */
  async ok(args: readonly string[]): Promise<string> {
    const { code, stdout, stderr } = await this.compose(args);
    if (code === 0) return stdout;
    throw new Error(`docker compose ${args.join(" ")}: exit code ${code}\n${stdout}${stderr}`);
  }

  /** Runs a program in the container, without a terminal. */
  exec(words: readonly string[]): Promise<Result> {
    return this.compose(["exec", "-T", SERVICE, ...words]);
  }

  /** Runs `openclaw …` in the container, as the guide types it; it must succeed. */
  openclaw(args: readonly string[]): Promise<string> {
    return this.ok(["exec", "-T", SERVICE, "node", "dist/index.js", ...args]);
  }

  async json<T>(args: readonly string[]): Promise<T> {
    return JSON.parse(await this.openclaw([...args, "--json"]));
  }

  /** As somebody types it in the folder of the compose file, at a terminal; resolves with what was shown. */
  async typed(line: string): Promise<string> {
    const words = ["script", "--quiet", "--return", "--command", line, "/dev/null"];
    return (await this.engine.ok(words, await this.#how())).replaceAll("\r", "");
  }

  /** Runs lines of a shell in the folder of the compose file, as a script does. */
  async script(lines: string): Promise<void> {
    await this.engine.ok(["sh", "-ec", lines], await this.#how());
  }

  /** Makes the container, where there is none like it, and starts it. */
  async up(): Promise<void> {
    await this.ok(["up", "--detach", "--no-build"]);
  }

  /** As {@link up}, and waits until the engine calls it healthy. */
  async healthy(): Promise<void> {
    await this.up();
    const fine = async () => (await this.inspect(".State.Health.Status")) === "healthy";
    let seen = "";
    await until(
      async () => {
        if (await fine()) return true;
        seen = await this.logs();
        return false;
      },
      () => `a healthy container: ${seen}`,
    );
  }

  /** A field of the container as the engine knows it, such as `.State.Pid`. */
  async inspect<T>(field: string): Promise<T> {
    const words = ["docker", "inspect", "--format", `{{json ${field}}}`, await this.id()];
    return JSON.parse(await this.engine.ok(words));
  }

  /** Id of the container, also of one that does not run. */
  async id(): Promise<string> {
    const own = `label=com.docker.compose.project=${this.name}`;
    const all = await this.engine.ok([
      "docker",
      "ps",
      "--all",
      "--quiet",
      "--no-trunc",
      "--filter",
      own,
    ]);
    return all.trim();
  }

  /** All that the gateway printed since the container was made. */
  async logs(): Promise<string> {
    const { stdout, stderr } = await this.engine.docker(["logs", await this.id()]);
    return stdout + stderr;
  }

  /** The log's lines, each as its facts. */
  async lines(): Promise<LogLine[]> {
    const lines = (await this.logs()).split("\n").filter((line) => line.startsWith("{"));
    return lines.map((line) => JSON.parse(line));
  }

  /** Resolves with the newest line of the log that has a code. */
  said(code: string): Promise<LogLine> {
    const look = async () => (await this.lines()).findLast((line) => line.code === code);
    return until(look, `the log to say ${code}`);
  }

  /** Takes container, network and volume away. */
  async down(): Promise<void> {
    await this.ok(["down", "--volumes", "--timeout", "5"]);
  }
}

export interface LogLine {
  readonly level: number;
  readonly msg: string;
  readonly code?: string;
  readonly next?: string;
}

/** The engine looks at once, and again soon, whether it is healthy: nobody waits half a minute. */
const QUICK = { healthcheck: { interval: "1s", timeout: "30s", start_period: "60s" } };
