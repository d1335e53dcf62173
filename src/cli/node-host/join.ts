import { isLoopbackHost } from "../../lib/net.ts";
import { systemWords } from "../../lib/system-words.ts";
import { nodeHostLimitTable as limits } from "../../limits/node-host.ts";
import { openclaw } from "../../protocol/command.ts";
import { decodeSetupCode, SETUP_SCHEME } from "../../protocol/setup-code.ts";
import { say } from "../../protocol/text.ts";
import { CliError } from "../kit/exit.ts";
import { MAKE_LINK } from "./target.ts";

const JOIN = /\/j\/[\w-]{22}$/;

/**
 * `typed` with a join address (`https://gateway.example.com/j/…`) replaced by the setup code behind
 * it. Fetching it uses the address up, so this is done once, before anything else.
 * @throws CliError (usage, credentials, failed) where the address is not https or gives no code
 */
export async function fetchJoined(typed: string): Promise<string> {
  const url = URL.canParse(typed) ? new URL(typed) : undefined;
  if (!url || !/^https?:$/.test(url.protocol) || !JOIN.test(url.pathname)) return typed;
  if (url.protocol === "http:" && !isLoopbackHost(url.hostname)) {
    throw new CliError("usage", "a join address is asked by https:// alone", { next: MAKE_LINK });
  }
  const answer = await ask(url);
  if (!answer.ok) {
    const message = "that join address is unknown, was used already, or has expired";
    const scheme = url.protocol === "http:" ? "ws" : "wss";
    const paired = openclaw`connect ${`${scheme}://${url.host}`}`;
    const next = say`${MAKE_LINK} (a machine that is paired: ${paired})`;
    throw new CliError("credentials", message, { next });
  }
  const code = SETUP_SCHEME + Buffer.from(answer.text).toString("base64url");
  if (decodeSetupCode(code)) return code;
  throw new CliError("failed", `there is no setup code at ${url.host}`, { next: MAKE_LINK });
}

async function ask(url: URL): Promise<{ ok: boolean; text: string }> {
  const signal = AbortSignal.timeout(limits.hostJoinMs.value);
  try {
    const { ok, body } = await fetch(url, { redirect: "error", signal });
    return { ok, text: await readSome(body) };
  } catch (cause) {
    const why = systemWords((cause as { cause?: unknown }).cause) ?? "no answer";
    const message = `${url.host} can't be asked for the setup code: ${why}`;
    throw new CliError("unreachable", message, { cause, next: MAKE_LINK });
  }
}

/** Reads as much as a setup code can have; a longer body is none. */
async function readSome(body: ReadableStream<Uint8Array> | null): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const piece of body ?? []) {
    text += decoder.decode(piece, { stream: true });
    if (text.length > limits.hostJoinChars.value) return "";
  }
  return text;
}
