import type { IncomingMessage, RequestOptions } from "node:http";
import { isIP, type Socket } from "node:net";
import { type EgressPolicy, EgressRefused } from "./egress.ts";
import type { NameLookup } from "./name-lookup.ts";
import type { World } from "./world.ts";

/** One request to somewhere else. */
export interface PostRequest {
  /** `http:` or `https:`; a user name and password in it become `Authorization: Basic`. */
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** Which addresses it may connect to. */
  readonly policy: EgressPolicy;
  /** Ends the request at once. */
  readonly signal?: AbortSignal;
}

/** What came back. The body is not kept. */
export interface PostAnswer {
  readonly status: number;
  readonly headers: IncomingMessage["headers"];
}

/** No answer in time. */
export class PostTimeout extends Error {
  override readonly name = "PostTimeout";
  readonly code = "ETIMEDOUT";
}

interface Deps {
  readonly world: Pick<World, "after">;
  readonly names: NameLookup;
  readonly limits: {
    /** From the lookup of the name to the end of the answer, milliseconds. */
    readonly timeoutMs: number;
    /** Read of an answer's body at most. */
    readonly answerBytes: number;
  };
}

/**
 * Sends requests to where a policy allows, and holds what comes back within bounds: no redirect is
 * followed, no connection is kept, the certificate is always checked.
 */
export class HttpPost {
  constructor(private readonly deps: Deps) {}

  /**
   * Resolves with the status once the answer is there. Rejects with {@link EgressRefused},
   * {@link PostTimeout}, or the error of Node.js (`code` such as ECONNREFUSED or CERT_HAS_EXPIRED).
   */
  async send(ask: PostRequest): Promise<PostAnswer> {
    const { url, policy, signal } = ask;
    signal?.throwIfAborted();
    // A literal address is not looked up, so it is judged here.
    const literal = url.hostname.replace(/^\[|\]$/g, "");
    if (isIP(literal) !== 0) refuse(literal, policy);
    // Loaded when something is sent, not at every start.
    const { request } =
      url.protocol === "https:" ? await import("node:https") : await import("node:http");
    return new Promise((resolve, reject) => {
      const sent = request(url, this.#options(ask));
      let answer: PostAnswer | undefined;
      let over = false;
      const end = (error: Error) => {
        if (over) return;
        over = true;
        deadline.cancel();
        signal?.removeEventListener("abort", aborted);
        sent.destroy();
        if (answer) resolve(answer);
        else reject(error);
      };
      const { timeoutMs, answerBytes } = this.deps.limits;
      const aborted = () => end(new Error("abandoned"));
      const deadline = this.deps.world.after(timeoutMs, () => {
        end(new PostTimeout(`no answer within ${timeoutMs / 1000} s`));
      });
      signal?.addEventListener("abort", aborted);
      sent.on("socket", (socket: Socket) => judgeOnConnect(socket, policy, end));
      sent.on("response", (response: IncomingMessage) => {
        answer = { status: response.statusCode ?? 0, headers: response.headers };
        readAway(response, answerBytes, () => end(new Error("answered")));
      });
      sent.on("error", end);
      sent.on("close", () => end(new Error("the connection ended without an answer")));
      sent.end(ask.body);
    });
  }

  #options({ headers, body, policy }: PostRequest): RequestOptions & { rejectUnauthorized: true } {
    return {
      method: "POST",
      headers: { ...headers, "content-length": String(Buffer.byteLength(body)) },
      lookup: this.deps.names.under(policy),
      agent: false,
      // Said here, so that no variable of the environment says otherwise.
      rejectUnauthorized: true,
    };
  }
}

function refuse(address: string, policy: EgressPolicy): void {
  const verdict = policy.judge(address);
  if (!verdict.ok) throw new EgressRefused(address, verdict.what, verdict.never);
}

/** Once more where the connection really leads; by then it was judged already, by name or address. */
function judgeOnConnect(socket: Socket, policy: EgressPolicy, refused: (error: Error) => void) {
  socket.once("connect", () => {
    try {
      refuse(socket.remoteAddress ?? "", policy);
    } catch (error) {
      refused(error as Error);
    }
  });
}

/** Reads an answer's body to its end, or to `most` bytes, and forgets it. */
function readAway(response: IncomingMessage, most: number, done: () => void): void {
  let bytes = 0;
  response.on("data", (part: Buffer) => {
    bytes += part.length;
    if (bytes >= most) done();
  });
  response.on("error", done);
  response.on("close", done);
}
