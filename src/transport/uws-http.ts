import type { HttpResponse, HttpRequest as UwsRequest } from "uWebSockets.js";
import { at, openclaw } from "../protocol/command.ts";
import type { FileBody, HttpAnswer } from "./answers.ts";
import { problem } from "./answers.ts";
import { answerHttp, type HttpDeps } from "./http.ts";

/** Bytes of a file in memory for one request. */
const PIECE = 64 * 1024;

/**
 * Answers one plain HTTP request. `source` is what limits count it under: an address, or an IPv6
 * /64.
 */
export function serveHttp(
  res: HttpResponse,
  req: UwsRequest,
  how: { deps: HttpDeps; source: string; failed: (error: unknown) => void },
): void {
  const method = req.getMethod();
  const headOnly = method === "head";
  const answer = answerHttp(
    {
      method,
      path: req.getUrl(),
      authorization: req.getHeader("authorization"),
      acceptEncoding: req.getHeader("accept-encoding"),
      ifNoneMatch: req.getHeader("if-none-match"),
      source: how.source,
    },
    how.deps,
  );
  if (!(answer instanceof Promise)) return sendAnswer(res, answer, headOnly);
  const state = { gone: false };
  res.onAborted(() => {
    state.gone = true;
  });
  answer.then(
    (ready) => {
      if (isFile(ready.body)) return sendFile(res, ready, { headOnly, state });
      if (!state.gone) sendAnswer(res, ready, headOnly);
    },
    (error) => {
      how.failed(error);
      if (!state.gone) sendAnswer(res, broken(), headOnly);
    },
  );
}

function broken(): HttpAnswer {
  const detail = "Something went wrong in the gateway.";
  const next = at("gateway", openclaw`logs`);
  return problem("500 Internal Server Error", { detail, code: "internal-error", next });
}

/** Sends an answer whose body is in memory. @throws TypeError for a body that is a file */
export function sendAnswer(res: HttpResponse, answer: HttpAnswer, headOnly: boolean): void {
  const { body } = answer;
  if (isFile(body)) throw new TypeError("a file is sent by sendFile");
  res.cork(() => {
    writeHead(res, answer);
    if (answer.status.startsWith("304")) return void res.endWithoutBody();
    if (!headOnly) return void res.end(body);
    // Given the length as its argument, endWithoutBody leaves the request open and uWS aborts for that.
    res.writeHeader("content-length", String(Buffer.byteLength(body)));
    res.endWithoutBody();
  });
}

function writeHead(res: HttpResponse, answer: HttpAnswer): void {
  res.writeStatus(answer.status);
  for (const [name, value] of answer.headers) res.writeHeader(name, value);
}

function isFile(body: HttpAnswer["body"]): body is FileBody {
  return typeof body === "object" && "file" in body;
}

interface Way {
  readonly headOnly: boolean;
  /** `gone` once the client has hung up: then the response must not be touched. */
  readonly state: { gone: boolean };
}

/** Sends a file in pieces, the next one when the last was taken: a slow reader holds one in memory. */
async function sendFile(res: HttpResponse, answer: HttpAnswer, way: Way): Promise<void> {
  const { file, bytes, done } = answer.body as FileBody;
  try {
    if (way.state.gone) return;
    res.cork(() => {
      writeHead(res, answer);
      if (!way.headOnly) return;
      res.writeHeader("content-length", String(bytes));
      res.endWithoutBody();
    });
    if (way.headOnly) return;
    if (bytes === 0) res.cork(() => res.end());
    const piece = new Uint8Array(Math.min(PIECE, bytes));
    for (let at = 0; at < bytes; ) {
      const { bytesRead } = await file.read(piece, 0, piece.length, at);
      if (way.state.gone) return;
      // The file was cut short: the length that was announced can't be kept.
      if (bytesRead === 0) return void res.close();
      await taken(res, piece.subarray(0, Math.min(bytesRead, bytes - at)), { at, bytes, way });
      if (way.state.gone) return;
      at += bytesRead;
    }
  } catch {
    if (!way.state.gone) res.close();
  } finally {
    done();
    await file.close().catch(() => undefined);
  }
}

/** Resolves when the kernel took the whole piece, or the client is gone. */
function taken(
  res: HttpResponse,
  piece: Uint8Array,
  where: { at: number; bytes: number; way: Way },
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
