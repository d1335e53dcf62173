import { expect, test } from "vitest";
import { contentType } from "../../src/transport/content-types.ts";

test.each([
  ["index.html", "text/html; charset=utf-8"],
  ["/assets/app-abcd1234.js", "text/javascript; charset=utf-8"],
  ["worker.mjs", "text/javascript; charset=utf-8"],
  ["style.css", "text/css; charset=utf-8"],
  ["data.json", "application/json; charset=utf-8"],
  ["app.js.map", "application/json; charset=utf-8"],
  ["app.webmanifest", "application/manifest+json; charset=utf-8"],
  ["robots.txt", "text/plain; charset=utf-8"],
  ["README.md", "text/plain; charset=utf-8"],
  ["icon.svg", "image/svg+xml"],
  ["icon.PNG", "image/png"],
  ["a.jpg", "image/jpeg"],
  ["a.jpeg", "image/jpeg"],
  ["a.gif", "image/gif"],
  ["a.webp", "image/webp"],
  ["a.avif", "image/avif"],
  ["favicon.ico", "image/x-icon"],
  ["a.woff", "font/woff"],
  ["a.woff2", "font/woff2"],
  ["a.wasm", "application/wasm"],
  ["a.mp4", "video/mp4"],
])("%s is %s", (name, type) => {
  expect(contentType(name)).toBe(type);
});

test.each(["LICENSE", "js", "html", "a.b/js", ".html", "a.", "a.unknown", "a.constructor", ""])(
  "%j is bytes",
  (name) => {
    expect(contentType(name)).toBe("application/octet-stream");
  },
);
