import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { escapeForChat } from "../../src/notify/escape-for-chat.ts";

describe("a stranger's text", () => {
  test.each([
    ["Anna's phone", "Anna's phone"],
    ["家のタブレット", "家のタブレット"],
    ["iPhone (work) #2", "iPhone (work) #2"],
    ["  a   b ", "a b"],
    ["", "-"],
    [undefined, "-"],
    ["\u202E\u200B", "-"],
    ["see http://evil.example/x", "see http:/evil\u2024example/x"],
    ["ｈｔｔｐ：／／ｅｖｉｌ．ｅｘａｍｐｌｅ", "http:/evil\u2024example"],
    ["www.evil.example", "www\u2024evil\u2024example"],
    ["192.0.2.1", "192\u20240\u20242\u20241"],
    ["a@evil.example", "a\ufe6bevil\u2024example"],
    ["@everyone @here", "\ufe6beveryone \ufe6bhere"],
    ["＠everyone", "\ufe6beveryone"],
    [
      "*bold* _x_ ~~y~~ ||z||",
      "\u2217bold\u2217 \u02cdx\u02cd \u223c\u223cy\u223c\u223c \u2223\u2223z\u2223\u2223",
    ],
    ["![x](http://evil.example/y)", "!［x］(http:/evil\u2024example/y)"],
    ["# big, #channel", "♯ big, ♯channel"],
    ["<!channel> <https://evil.example|click>", "‹!channel› ‹https:/evil\u2024example∣click›"],
    ["Tom & Jerry", "Tom + Jerry"],
    ["```end", "'''end"],
    ["“quoted”", '"quoted"'],
    ["line\nbreak\r\nTitle: x", "line break Title: x"],
    ["\u001b[31mred", "［31mred"],
  ])("%j reads %j", (given, expected) => {
    expect(escapeForChat(given, 64)).toBe(expected);
  });

  test("is cut", () => {
    expect(escapeForChat("x".repeat(100_000), 10)).toBe(`${"x".repeat(9)}…`);
  });

  test("never holds a link, a mention, markup, a fence, a quotation's end or a control", () => {
    const part = fc.oneof(
      fc.string({ unit: "grapheme" }),
      fc.constantFrom(
        "http://",
        "//",
        ".com",
        "<!here>",
        "```",
        "“",
        "&lt;",
        "@everyone",
        "#general",
        "**",
        "__",
        "[x](y)",
        "\u2024",
        "．",
        "。",
        "\n",
      ),
    );
    fc.assert(
      fc.property(fc.array(part, { maxLength: 12 }), (parts) => {
        const text = escapeForChat(parts.join(""), 48);
        expect([...text].length).toBeLessThanOrEqual(48);
        expect(text).not.toMatch(/[<>&`“”@＠*_~|[\]\p{Cc}\p{Cf}]|#(?!\d)|\/\/|[.。][\p{L}\p{N}]/u);
      }),
    );
  });
});
