import type { BearerVerdict } from "../gateway/bearer.ts";
import { blank, openclaw } from "../protocol/command.ts";
import { wireDetails } from "../protocol/errors.ts";
import { plainText, say, type Text } from "../protocol/text.ts";
import { type Headers, type HttpAnswer, json } from "./answers.ts";
import { bearerOf, bearerRefusal } from "./bearer-answer.ts";

/** What of a request decides. Everything is taken from it before anything is awaited. */
export interface UnservedRequest {
  /** Percent-encoded, without the query. */
  readonly path: string;
  /** The `Authorization` header; empty when absent. */
  readonly authorization: string;
  /** The `X-OpenClaw-Token` header, which callers of hooks send; empty when absent. */
  readonly hookToken: string;
  /** The source that wrong secrets count under. */
  readonly source: string;
}

/** What went wrong, before it is put into a client's own shape. */
interface UnservedFailure {
  readonly status: string;
  /** A stable name for programs. */
  readonly code: string;
  /** What happened and what to do next, in words. */
  readonly message: string;
}

/** An interface of OpenClaw for programs that this gateway has not. */
interface Unserved {
  readonly paths: RegExp;
  readonly takesHookToken?: true;
  /** What a client with the right secret is told. */
  readonly detail: string;
  readonly next: Text;
  /** The members of an error that clients of this interface read. */
  error(failure: UnservedFailure): object;
}

const noAgent = (what: string) => `${what}, because no agent is configured on this gateway.`;
const ELSEWHERE = say`send this to a gateway with an agent, or pair a client that runs one: ${openclaw`devices invite`}`;

/** The codes that clients of OpenAI's API know; others are ours. */
const openAiCodes: Readonly<Record<string, string>> = {
  unauthorized: "invalid_api_key",
  "rate-limited": "rate_limit_exceeded",
};

const underscored = (code: string) => code.replaceAll("-", "_");

const interfaces: readonly Unserved[] = [
  {
    paths: /^\/v1(\/|$)/,
    detail: noAgent("OpenAI's API is not served here"),
    next: ELSEWHERE,
    error: ({ status, code, message }) => ({
      error: {
        message,
        type: status.startsWith("4") ? "invalid_request_error" : "server_error",
        param: null,
        code: openAiCodes[code] ?? underscored(code),
      },
    }),
  },
  {
    paths: /^\/tools(\/|$)/,
    detail: noAgent("Tools can't be invoked here"),
    next: say`for a command of a node: ${openclaw`nodes invoke ${blank("NODE")} ${blank("COMMAND")}`}`,
    error: ({ code, message }) => {
      const type = code === "not-served" ? "not_found" : underscored(code);
      return { ok: false, error: { type, message } };
    },
  },
  {
    paths: /^\/hooks(\/|$)/,
    takesHookToken: true,
    detail: noAgent("Webhooks are not taken here"),
    next: ELSEWHERE,
    error: ({ message }) => ({ ok: false, error: message }),
  },
];

type Authorize = (ask: { secret: string; source: string }) => Promise<BearerVerdict>;

/**
 * Answers a request to an interface of OpenClaw that is not served, by any method; `undefined` for any
 * other path. A client without the right secret learns nothing else; one that shows it gets a refusal in
 * the shape that clients of the interface parse.
 */
export function answerUnserved(
  request: UnservedRequest,
  authorize: Authorize,
): Promise<HttpAnswer> | undefined {
  const found = interfaces.find(({ paths }) => paths.test(request.path));
  return found && refuse(found, request, authorize);
}

async function refuse(
  unserved: Unserved,
  { authorization, hookToken, source }: UnservedRequest,
  authorize: Authorize,
): Promise<HttpAnswer> {
  const shown = bearerOf(authorization);
  const secret = shown === "" && unserved.takesHookToken ? hookToken : shown;
  const verdict = await authorize({ secret, source });
  if (!verdict.ok) {
    const { status, headers } = bearerRefusal(verdict);
    return answer(unserved, status, { ...verdict, headers });
  }
  const { detail, next } = unserved;
  // Not 501: clients try again for each answer of that kind, and nothing would have changed.
  return answer(unserved, "404 Not Found", { code: "not-served", detail, next });
}

interface RefusedAsk {
  readonly code: string;
  readonly detail: string;
  readonly next: Text;
  readonly headers?: Headers;
}

function answer(unserved: Unserved, status: string, refused: RefusedAsk): HttpAnswer {
  const { code, detail, next, headers = [] } = refused;
  const message = `${detail} Next: ${plainText(next)}`;
  // First what clients read: some show the beginning of the text as it came.
  const body = { ...unserved.error({ status, code, message }), ...wireDetails({ code, next }) };
  const answered = json(status, body);
  return { ...answered, headers: [...answered.headers, ...headers] };
}
