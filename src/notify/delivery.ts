import { egressPolicy } from "../lib/egress.ts";
import type { PostAnswer, PostRequest } from "../lib/http-post.ts";
import type { World } from "../lib/world.ts";
import type { Limits } from "../limits/table.ts";
import { openclaw } from "../protocol/command.ts";
import { failureOf, NotifyFailure, statusFailure } from "./failure.ts";
import { render } from "./formats.ts";
import type { Notice } from "./notice.ts";
import { type ReadFile, readTarget, type WebhookSettings, type WebhookTarget } from "./target.ts";

/** How one try ended. */
export interface DeliveryOutcome {
  /** Wall clock. */
  readonly atMs: number;
  /** Scheme, host and port; absent where the URL itself could not be read. */
  readonly to?: string;
  readonly ms: number;
  readonly status?: number;
  readonly failure?: NotifyFailure;
}

export interface DeliveryDeps {
  readonly world: World;
  readonly limits: Pick<Limits, "notifyHeaders" | "notifyFileBytes">;
  /** Reads a file of the configuration. */
  readonly read: ReadFile;
  readonly post: (request: PostRequest) => Promise<PostAnswer>;
  readonly log: { error(facts: object, message: string): void };
}

const AGENT = "openclaw-gateway";

/** One try to deliver a message: reads where it goes, sends it, judges the answer. */
export class Delivery {
  constructor(private readonly deps: DeliveryDeps) {}

  /** Sends one message. Never rejects: a failure stands in the outcome. */
  async attempt(
    notice: Notice,
    settings: WebhookSettings,
    signal?: AbortSignal,
  ): Promise<DeliveryOutcome> {
    const { world } = this.deps;
    const started = world.monotonic();
    const facts = () => ({ atMs: world.now(), ms: Math.round(world.monotonic() - started) });
    let to: string | undefined;
    try {
      const target = await readTarget(settings, this.deps.read, this.deps.limits);
      to = target.url.origin;
      const answer = await this.#send({ notice, settings, target, signal });
      const { status } = answer;
      if (status >= 200 && status < 300) return { ...facts(), to, status };
      const failure = statusFailure(answer, { origin: to, settings, now: world.now() });
      return { ...facts(), to, status, failure };
    } catch (error) {
      const failure = error instanceof NotifyFailure ? error : this.#defect(error);
      return { ...facts(), ...(to !== undefined && { to }), failure };
    }
  }

  async #send(job: {
    notice: Notice;
    settings: WebhookSettings;
    target: WebhookTarget;
    signal: AbortSignal | undefined;
  }): Promise<PostAnswer> {
    const { notice, settings, target, signal } = job;
    const { headers, body } = render[settings.format](notice);
    const { url } = target;
    const policy = egressPolicy(settings.egress);
    const all = { "user-agent": AGENT, ...headers, ...target.headers };
    try {
      return await this.deps.post({ url, headers: all, body, policy, ...(signal && { signal }) });
    } catch (error) {
      throw failureOf(error, { url, allowed: settings.egress });
    }
  }

  /**
   * The failure for an error that is a defect of ours; it must not take the gateway along. The log says
   * where it was, and not in its words, which may name the URL.
   */
  #defect(error: unknown): NotifyFailure {
    const { name = "unknown", stack = "" } = error instanceof Error ? error : {};
    const where = stack.split("\n").filter((line) => FRAME.test(line));
    this.deps.log.error({ name, where }, "a message for the webhook could not be sent");
    return new NotifyFailure("NOTIFY_CONNECT", `the message could not be sent (${name})`, {
      next: openclaw`logs --level warn`,
    });
  }
}

/** A line of a stack that names a place in the source. */
const FRAME = /^ {4}at /;
