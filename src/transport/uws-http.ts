import type { HttpResponse, HttpRequest as UwsRequest } from "uWebSockets.js";
import { at, openclaw } from "../protocol/command.ts";
import type { FileBody, HttpAnswer } from "./answers.ts";
import { problem } from "./answers.ts";
import { answerHttp, type HttpDeps } from "./http.ts";
import { type HttpAnswers, tooManyAnswers } from "./http-answers.ts";

/** Bytes of a file in memory for one request. */
const PIECE = 64 * 1024;
/** An answer of so many bytes fits into what the kernel takes, so its connection can be closed behind it. */
const SMALL = 8 * 1024;

/** How an answer goes out. */
export interface AnswerWay {
  /** What limits count it under: an address, or an IPv6 /64. */
  readonly source: string;
  readonly answers: HttpAnswers;
  /** Whether the connection may stay open for another request. */
  readonly stay: boolean;
  /** Called where it does stay; not every answer can close it, though it should. */
  readonly stays: () => void;
}

/** Answers one plain HTTP request. */
export function serveHttp(
  res: HttpResponse,
  req: UwsRequest,
  how: { deps: HttpDeps; way: AnswerWay; failed: (error: unknown) => void },
): void {
  const { deps, way, failed } = how;
  const { source, answers } = way;
  if (!answers.begin(source)) return void res.close();
  const method = req.getMethod();
  const headOnly = method === "head";
  if (!answers.hasRoom(source)) return sendAnswer(res, tooManyAnswers(), { ...way, headOnly });
  const answer = answerHttp(
    {
      method,
      path: req.getUrl(),
      authorization: req.getHeader("authorization"),
      hookToken: req.getHeader("x-openclaw-token"),
      acceptEncoding: req.getHeader("accept-encoding"),
      ifNoneMatch: req.getHeader("if-none-match"),
      source,
    },
    deps,
  );
  if (!(answer instanceof Promise)) return sendAnswer(res, answer, { ...way, headOnly });
  const state = { gone: false };
  const leave = answers.enter(source, 0, () => res.close());
  res.onAborted(() => {
    state.gone = true;
    leave?.();
  });
  const send = (ready: HttpAnswer) => {
    leave?.();
    if (!state.gone) sendAnswer(res, ready, { ...way, headOnly });
  };
  answer.then(
    (ready) => {
      if (!isFile(ready.body)) return send(leave ? ready : tooManyAnswers());
      leave?.();
      return sendFile(res, ready, { ...way, headOnly, state });
    },
    (error) => {
      failed(error);
      send(broken());
    },
  );
}

function broken(): HttpAnswer {
  const detail = "Something went wrong in the gateway.";
  const next = at("gateway", openclaw`logs`);
  return problem("500 Internal Server Error", { detail, code: "internal-error", next });
}

/**
 * Sends an answer whose body is in memory, and no more of it than the kernel takes: who does not read
 * has the rest held for it here, once, and counted. @throws TypeError for a body that is a file
 */
export function sendAnswer(
  res: HttpResponse,
  answer: HttpAnswer,
  way: AnswerWay & { headOnly: boolean },
): void {
  const { body } = answer;
  if (isFile(body)) throw new TypeError("a file is sent by sendFile");
  const bytes = Buffer.byteLength(body);
  const { stay, headOnly } = way;
  let [sent, stays] = [true, false];
  res.cork(() => {
    writeHead(res, answer);
    if (!headOnly && !stay && bytes <= SMALL) return void res.end(body, true);
    stays = true;
    if (answer.status.startsWith("304")) return void res.endWithoutBody();
    if (!headOnly && bytes > 0) [sent] = res.tryEnd(body, bytes);
    else {
      // Given the length as its argument, endWithoutBody leaves the request open and uWS aborts for that.
      res.writeHeader("content-length", String(bytes));
      res.endWithoutBody();
    }
  });
  if (stays) way.stays();
  if (!sent) holdRest(res, typeof body === "string" ? Buffer.from(body) : body, way);
}

/** What the kernel has not taken yet goes out as the client reads. */
function holdRest(res: HttpResponse, body: Uint8Array, { source, answers }: AnswerWay): void {
  const state = { gone: false };
  let leave: (() => void) | undefined;
  res.onAborted(() => {
    state.gone = true;
    leave?.();
  });
  res.onWritable((offset) => {
    const [all] = res.tryEnd(body.subarray(offset), body.length);
    if (all) leave?.();
    return all;
  });
  leave = answers.enter(source, body.length, () => res.close());
  if (state.gone) leave?.();
  else if (!leave) res.close();
}

function writeHead(res: HttpResponse, answer: HttpAnswer): void {
  res.writeStatus(answer.status);
  for (const [name, value] of answer.headers) res.writeHeader(name, value);
}

function isFile(body: HttpAnswer["body"]): body is FileBody {
  return typeof body === "object" && "file" in body;
}

type FileWay = AnswerWay & {
  readonly headOnly: boolean;
  /** `gone` once the client has hung up: then the response must not be touched. */
  readonly state: { gone: boolean };
};

/** Sends a file in pieces, the next one when the last was taken: a slow reader holds one in memory. */
async function sendFile(res: HttpResponse, answer: HttpAnswer, way: FileWay): Promise<void> {
  const { file, bytes, done } = answer.body as FileBody;
  const { source, answers, state } = way;
  const drop = () => void (state.gone || res.close());
  const leave = state.gone ? undefined : answers.enter(source, Math.min(PIECE, bytes), drop);
  try {
    if (state.gone) return;
    if (!leave) return drop();
    res.onAborted(() => {
      state.gone = true;
    });
    res.cork(() => {
      writeHead(res, answer);
      if (!way.headOnly) return;
      res.writeHeader("content-length", String(bytes));
      res.endWithoutBody();
    });
    if (way.headOnly) return way.stays();
    if (bytes === 0) res.cork(() => res.end());
    const piece = new Uint8Array(Math.min(PIECE, bytes));
    for (let at = 0; at < bytes; ) {
      const { bytesRead } = await file.read(piece, 0, piece.length, at);
      if (state.gone) return;
      // The file was cut short: the length that was announced can't be kept.
      if (bytesRead === 0) return void res.close();
      await taken(res, piece.subarray(0, Math.min(bytesRead, bytes - at)), { at, bytes, way });
      if (state.gone) return;
      at += bytesRead;
    }
    way.stays();
  } catch {
    drop();
  } finally {
    leave?.();
    done();
    await file.close().catch(() => undefined);
  }
}

/** Resolves when the kernel took the whole piece, or the client is gone. */
function taken(
  res: HttpResponse,
  piece: Uint8Array,
  where: { at: number; bytes: number; way: FileWay },
): Promise<void> {
  const { at, bytes, way } = where;
  return new Promise((resolve) => {
    let ok = false;
    res.cork(() => {
      [ok] = res.tryEnd(piece, bytes);
    });
    if (ok) return resolve();
    res.onAborted(() => {
      way.state.gone = true;
      resolve();
    });
    res.onWritable((offset) => {
      const [all] = res.tryEnd(piece.subarray(offset - at), bytes);
      if (all) resolve();
      return all;
    });
  });
}
