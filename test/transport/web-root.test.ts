import { mkdir, mkdtemp, realpath, rm, symlink, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Limits, limitTable, limitValues } from "../../src/limits/table.ts";
import type { FileBody, HttpAnswer } from "../../src/transport/answers.ts";
import { policyFor } from "../../src/transport/web-policy.ts";
import { WebRoot } from "../../src/transport/web-root.ts";

const HTML = '<!doctype html><script>let a = 1;</script><script src="./assets/app-abcd1234.js">';

let outside: string;
let folder: string;
beforeAll(async () => {
  outside = await realpath(await mkdtemp(join(tmpdir(), "web-root-")));
  folder = join(outside, "root");
  await mkdir(join(folder, "assets"), { recursive: true });
  await mkdir(join(folder, ".git"));
  await mkdir(join(folder, "folder.d"));
  const files = {
    "index.html": HTML,
    "sw.js": "worker",
    "assets/app-abcd1234.js": "plain",
    "assets/app-abcd1234.js.br": "brotli",
    "assets/app-abcd1234.js.gz": "gzip",
    "LICENSE-icons": "licence",
    "a b.css": "space",
    ".env": "SECRET",
    ".git/config": "SECRET",
    "../secret.json": "SECRET",
  };
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
  await symlink("../secret.json", join(folder, "link.json"));
  await symlink("..", join(folder, "up"));
  await symlink("sw.js", join(folder, "inside.js"));
});
afterAll(() => rm(outside, { recursive: true, force: true }));

const counted: string[] = [];
const root = (limits: Partial<Limits> = {}) =>
  new WebRoot(folder, limitValues(limits), (metric) => counted.push(metric));

type More = { acceptEncoding?: string; ifNoneMatch?: string; source?: string };

function ask(from: WebRoot, path: string, more: More = {}): Promise<HttpAnswer> {
  return from.answer({ path, acceptEncoding: "", ifNoneMatch: "", source: "192.0.2.1", ...more });
}

const fileOf = ({ body }: HttpAnswer): FileBody | undefined =>
  typeof body === "object" && "file" in body ? body : undefined;

async function end(answer: HttpAnswer): Promise<void> {
  const body = fileOf(answer);
  await body?.file.close();
  body?.done();
}

async function text(answer: HttpAnswer): Promise<string> {
  const body = fileOf(answer);
  const said = body ? await body.file.readFile("utf8") : String(answer.body);
  await end(answer);
  return said;
}

const header = (answer: HttpAnswer, name: string) =>
  answer.headers.find(([key]) => key === name)?.[1];

describe("files", () => {
  test("come as they are, with their type", async () => {
    const answer = await ask(root(), "/sw.js");
    expect(header(answer, "content-type")).toBe("text/javascript; charset=utf-8");
    expect(header(answer, "cache-control")).toBe("no-cache");
    expect(fileOf(answer)?.bytes).toBe(6);
    expect(await text(answer)).toBe("worker");
    expect(await text(await ask(root(), "/a%20b.css"))).toBe("space");
    expect(await text(await ask(root(), "/LICENSE-icons"))).toBe("licence");
  });

  test("named after what they hold are kept by browsers for ever", async () => {
    const answer = await ask(root(), "/assets/app-abcd1234.js");
    expect(header(answer, "cache-control")).toBe("public, max-age=31536000, immutable");
    await end(answer);
  });

  test("come packed to who can unpack them", async () => {
    const cases: [string, string, string | undefined][] = [
      ["gzip, deflate, br, zstd", "brotli", "br"],
      ["gzip", "gzip", "gzip"],
      ["br;q=0, gzip", "gzip", "gzip"],
      ["br;q=0.0", "plain", undefined],
      ["", "plain", undefined],
    ];
    for (const [acceptEncoding, body, coding] of cases) {
      const answer = await ask(root(), "/assets/app-abcd1234.js", { acceptEncoding });
      expect(header(answer, "content-type")).toBe("text/javascript; charset=utf-8");
      expect(header(answer, "vary")).toBe("accept-encoding");
      const got = [header(answer, "content-encoding"), await text(answer)];
      expect([acceptEncoding, ...got]).toEqual([acceptEncoding, coding, body]);
    }
  });

  test("that did not change are not sent again", async () => {
    const first = await ask(root(), "/sw.js");
    await end(first);
    const ifNoneMatch = header(first, "etag") ?? "none";
    const again = await ask(root(), "/sw.js", { ifNoneMatch });
    expect([again.status, again.body]).toEqual(["304 Not Modified", ""]);
  });
});

describe("the page", () => {
  test("stands at every path without an extension, and finds its files from there", async () => {
    const cases: [string, string][] = [
      ["/", "./assets/"],
      ["/index.html", "./assets/"],
      ["/chat", "./assets/"],
      ["/settings/devices", "./../assets/"],
      ["/a/b/c", "./../../assets/"],
    ];
    for (const [path, href] of cases) {
      const answer = await ask(root(), path);
      expect(header(answer, "content-type")).toBe("text/html; charset=utf-8");
      expect(header(answer, "cache-control")).toBe("no-cache");
      expect([path, await text(answer)]).toEqual([path, HTML.replace("./assets/", href)]);
    }
  });

  test("runs nothing but its own files and the scripts that stand in it now", async () => {
    const own = new WebRoot(join(outside, "other"), limitValues(), () => undefined);
    await mkdir(join(outside, "other"));
    await writeFile(join(outside, "other/index.html"), "<script>let b = 2;</script>");
    const policy = header(await ask(own, "/"), "content-security-policy") ?? "";
    // printf 'let b = 2;' | openssl dgst -sha256 -binary | base64
    expect(policy).toContain(
      "script-src 'self' 'sha256-/VxadKDFjxChkEqCBxYHGM8PchobZLHFZXlH4lVDfJI=';",
    );
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("frame-ancestors 'none'");
    await writeFile(join(outside, "other/index.html"), "<script>let changed = 3;</script>");
    const changed = header(await ask(own, "/"), "content-security-policy") ?? "";
    expect(changed).toBe(policyFor("<script>let changed = 3;</script>"));
    expect(changed).not.toBe(policy);
  });

  test("is missed by name when it is gone", async () => {
    const empty = new WebRoot(join(folder, "folder.d"), limitValues(), () => undefined);
    const answer = await ask(empty, "/");
    expect(answer.status).toBe("503 Service Unavailable");
    expect(JSON.parse(String(answer.body))).toMatchObject({
      code: "web-app-missing",
      cure: "openclaw doctor",
    });
  });
});

test("policies take scripts as a browser does", () => {
  const hashes = (html: string) => policyFor(html).match(/'sha256-[^']+'/g) ?? [];
  expect(hashes("<!-- <script>x</script> -->")).toEqual([]);
  expect(hashes('<script src="a.js">x</script>')).toEqual([]);
  expect(hashes("<script>x</script>")).toEqual(hashes("<SCRIPT type=module>x</SCRIPT >"));
  expect(hashes("<script>a\r\nb</script>")).toEqual(hashes("<script>a\nb</script>"));
  expect(hashes('<script>"<!--"</script><script>b</script>')).toHaveLength(2);
  expect(hashes("<style>a</style>")).toHaveLength(1);
});

describe("what is not served", () => {
  test.each([
    "/.env",
    "/.git/config",
    "/%2eenv",
    "/assets/../.env",
    "/..%2fsecret.json",
    "/../secret.json",
    "/%2e%2e/secret.json",
    "/..\\secret.json",
    "/link.json",
    "/up/secret.json",
    "/up/root/sw.js",
    "/inside.js",
    "//etc/passwd.txt",
    "/folder.d",
    "/missing.png",
    "/sw.js%00.png",
    "/sw.js/x.js",
    "/%zz.js",
  ])("%s", async (path) => {
    const answer = await ask(root(), path);
    const said = await text(answer);
    expect([answer.status, said.includes("SECRET")]).toEqual(["404 Not Found", false]);
  });
});

describe("limits", () => {
  test("webFileBytes: a larger file is as if it were not there", async () => {
    await writeFile(join(folder, "large.js"), "");
    await truncate(join(folder, "large.js"), limitTable.webFileBytes.value + 1);
    expect((await ask(root(), "/large.js")).status).toBe("404 Not Found");
    expect(counted).toContain("web-file-too-large");
    await truncate(join(folder, "large.js"), limitTable.webFileBytes.value);
    const fits = await ask(root(), "/large.js");
    expect(fits.status).toBe("200 OK");
    await end(fits);
  });

  test.each([
    ["webFilesAtOnce", (n: number) => `192.0.2.${n % 250}`],
    ["webFilesPerAddress", () => "192.0.2.1"],
  ] as const)("%s: one more is refused until one was sent", async (name, source) => {
    counted.length = 0;
    const served = root();
    const open: HttpAnswer[] = [];
    for (let n = 0; n < limitTable[name].value; n += 1) {
      open.push(await ask(served, "/sw.js", { source: source(n) }));
      expect(open.at(-1)?.status).toBe("200 OK");
    }
    const more = await ask(served, "/sw.js", { source: source(0) });
    expect([more.status, header(more, "retry-after")]).toEqual(["503 Service Unavailable", "1"]);
    expect(counted).toEqual(["web-files-refused"]);
    if (name === "webFilesPerAddress") {
      const other = await ask(served, "/sw.js", { source: "198.51.100.9" });
      expect(other.status).toBe("200 OK");
      await end(other);
    }
    for (const answer of open) await end(answer);
    const after = await ask(served, "/sw.js", { source: source(0) });
    expect(after.status).toBe("200 OK");
    await end(after);
  });
});
