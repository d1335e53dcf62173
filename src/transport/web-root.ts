import { constants, readlinkSync, type Stats } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { basename, extname } from "node:path";
import { KeyCounts } from "../lib/key-counts.ts";
import type { Limits } from "../limits/table.ts";
import { at, openclaw } from "../protocol/command.ts";
import { type Headers, type HttpAnswer, notFound, problem, secured } from "./answers.ts";
import { contentType } from "./content-types.ts";
import { policyFor } from "./web-policy.ts";

/** What a request says that matters for files. */
export interface FileRequest {
  /** The path as it came, percent-encoded. */
  readonly path: string;
  readonly acceptEncoding: string;
  readonly ifNoneMatch: string;
  /** The source that limits count the request under: an address, or an IPv6 /64. */
  readonly source: string;
}

interface Opened {
  readonly file: FileHandle;
  readonly stats: Stats;
}

interface Index {
  readonly mark: string;
  readonly html: string;
  readonly policy: string;
}

const PACKED = [
  ["br", ".br"],
  ["gzip", ".gz"],
] as const;

/** Bundlers name files after what they hold: such a file never changes. */
const HASHED = /\/assets\/.*-[A-Za-z0-9_-]{8}\.[a-z0-9]+$/;

/** Links of the page's own files, as bundlers write them for any mount point. */
const RELATIVE = /(\s(?:src|href)=")\.\//g;

/**
 * A folder of web files, such as the one of OpenClaw's web app. Nothing is read before a request,
 * and every file is looked at anew: no link and no dotfile leads out of the folder.
 */
export class WebRoot {
  #index: Index | undefined;
  #sending = 0;
  readonly #sendingTo = new KeyCounts();

  /** `folder` is absolute and without links (`mayServe`). */
  constructor(
    private readonly folder: string,
    private readonly limits: Limits,
    private readonly count: (metric: string) => void,
  ) {}

  /** The file that is asked for, or the page for paths that are no file's. */
  async answer(request: FileRequest): Promise<HttpAnswer> {
    const name = cleanPath(request.path);
    if (name === undefined) return notFound();
    const refusal = this.#crowded(request.source);
    if (refusal) return refusal;
    const done = this.#enter(request.source);
    let kept = false;
    try {
      const isPage = name === "/" || name === "/index.html";
      const answer = isPage ? undefined : await this.#file(name, request, done);
      kept = answer !== undefined && isFile(answer);
      if (answer) return answer;
      return isPage || extname(name) === "" ? await this.#page(name, request) : notFound();
    } finally {
      if (!kept) done();
    }
  }

  #crowded(source: string): HttpAnswer | undefined {
    const { webFilesAtOnce, webFilesPerAddress } = this.limits;
    const full = this.#sending >= webFilesAtOnce;
    if (!full && this.#sendingTo.of(source) < webFilesPerAddress) return undefined;
    this.count("web-files-refused");
    const detail = "Too many files are being sent.";
    const headers: Headers = [["retry-after", "1"]];
    return problem("503 Service Unavailable", {
      detail,
      code: "too-many-files",
      next: "try again",
      headers,
    });
  }

  #enter(source: string): () => void {
    this.#sending += 1;
    this.#sendingTo.add(source);
    let left = false;
    return () => {
      if (left) return;
      left = true;
      this.#sending -= 1;
      this.#sendingTo.take(source);
    };
  }

  async #file(
    name: string,
    request: FileRequest,
    done: () => void,
  ): Promise<HttpAnswer | undefined> {
    const plain = await this.#open(name);
    if (!plain) return undefined;
    const headers: (readonly [string, string])[] = [
      ["content-type", contentType(name)],
      ["cache-control", HASHED.test(name) ? "public, max-age=31536000, immutable" : "no-cache"],
      ["vary", "accept-encoding"],
    ];
    let chosen = plain;
    for (const [coding, ending] of PACKED) {
      if (!accepts(request.acceptEncoding, coding)) continue;
      const packed = await this.#open(`${name}${ending}`);
      if (!packed) continue;
      await plain.file.close();
      chosen = packed;
      headers.push(["content-encoding", coding]);
      break;
    }
    return this.#send(chosen, headers, { request, done });
  }

  async #send(
    { file, stats }: Opened,
    headers: Headers,
    to: { request: FileRequest; done: () => void },
  ): Promise<HttpAnswer> {
    const etag = markOf(stats);
    // Workers run under the policy of their own file.
    const policy = (this.#index ?? (await this.#readIndex()))?.policy;
    const all = secured([...headers, ["etag", etag]], policy);
    if (to.request.ifNoneMatch.includes(etag)) {
      await file.close();
      return { status: "304 Not Modified", headers: all, body: "" };
    }
    return { status: "200 OK", headers: all, body: { file, bytes: stats.size, done: to.done } };
  }

  /** Opens a regular file in the folder; `undefined` for anything else. */
  async #open(name: string): Promise<Opened | undefined> {
    const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
    const file = await open(`${this.folder}${name}`, flags).catch(() => undefined);
    if (!file) return undefined;
    const stats = await file.stat().catch(() => undefined);
    const good =
      stats?.isFile() && stats.size <= this.limits.webFileBytes && this.#isAt(name, file);
    if (stats && good) return { file, stats };
    if (stats && stats.size > this.limits.webFileBytes) this.count("web-file-too-large");
    await file.close();
    return undefined;
  }

  /** Whether what was opened really is where it was asked for: a folder on the way may be a link. */
  #isAt(name: string, file: FileHandle): boolean {
    try {
      return readlinkSync(`/proc/self/fd/${file.fd}`) === `${this.folder}${name}`;
    } catch {
      return false;
    }
  }

  async #page(name: string, request: FileRequest): Promise<HttpAnswer> {
    const index = await this.#readIndex();
    if (!index) {
      const detail = `The web app's page is gone: ${basename(this.folder)}/index.html.`;
      const next = at("gateway", openclaw`doctor`);
      return problem("503 Service Unavailable", { detail, code: "web-app-missing", next });
    }
    const headers: Headers = [
      ["content-type", contentType("index.html")],
      ["cache-control", "no-cache"],
      ["etag", index.mark],
    ];
    const all = secured(headers, index.policy);
    if (request.ifNoneMatch.includes(index.mark)) {
      return { status: "304 Not Modified", headers: all, body: "" };
    }
    // The page is the same at every depth; its files are at one.
    const up = "../".repeat(name.split("/").length - 2);
    return { status: "200 OK", headers: all, body: index.html.replace(RELATIVE, `$1./${up}`) };
  }

  async #readIndex(): Promise<Index | undefined> {
    const opened = await this.#open("/index.html");
    if (!opened) return undefined;
    const { file, stats } = opened;
    try {
      const mark = markOf(stats);
      if (this.#index?.mark !== mark) {
        const html = await file.readFile("utf8");
        this.#index = { mark, html, policy: policyFor(html) };
      }
      return this.#index;
    } finally {
      await file.close();
    }
  }
}

function isFile({ body }: HttpAnswer): boolean {
  return typeof body === "object" && "file" in body;
}

/**
 * The path without its encoding; `undefined` for those that no web file has: with a part that starts
 * with a dot, or with control characters, backslashes or an encoding of slashes.
 */
function cleanPath(path: string): string | undefined {
  if (/%(2f|5c|00)/i.test(path)) return undefined;
  let name: string;
  try {
    name = decodeURIComponent(path);
  } catch {
    return undefined;
  }
  const odd = !name.startsWith("/") || name.length > 1024 || /[\p{Cc}\\]/u.test(name);
  const parts = name.split("/").slice(1);
  if (odd || parts.some((part) => part.startsWith("."))) return undefined;
  return parts.slice(0, -1).includes("") ? undefined : name;
}

function accepts(header: string, coding: string): boolean {
  return header.split(",").some((part) => {
    const [name = "", quality = ""] = part
      .trim()
      .toLowerCase()
      .split(/\s*;\s*/);
    return name === coding && !/^q=0(\.0*)?$/.test(quality);
  });
}

/** A text that changes with the file, for its ETag. */
function markOf({ size, mtimeMs, ino }: Stats): string {
  return `"${ino.toString(36)}-${size.toString(36)}-${Math.round(mtimeMs).toString(36)}"`;
}
