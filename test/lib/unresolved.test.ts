import { describe, expect, test } from "vitest";
import { isUnresolved } from "../../src/lib/unresolved.ts";

/** Kept apart, so that it is no placeholder of this language. */
const D = "$";

describe("a reference", () => {
  test.each([
    "$OPENCLAW_GATEWAY_TOKEN",
    `prefix-${D}{VAR}`,
    `${D}{VAR:-x}`,
    `${D}{VAR:?must be set}`,
    `${D}{VAR%suffix}`,
    `${D}{env:GATEWAY_TOKEN}`,
    `${D}{{ secrets.GATEWAY_TOKEN }}`,
    "$TOKEN",
    "$token",
    "prefix-$GATEWAY_TOKEN",
    "$(cat /run/secrets/token)",
    "`cat /run/secrets/token`",
    "%GATEWAY_TOKEN%",
    "{{ gateway_token }}",
    '{{ .Values.token | default "x" }}',
    "<%= token %>",
    "env:GATEWAY_TOKEN",
    "op://vault/gateway/token",
    "file:///run/secrets/token",
    "arn:aws:secretsmanager:eu-west-1:1:secret:x",
  ])("is known: %s", (text) => {
    expect(isUnresolved(text)).toBe(true);
  });
});

describe("a secret", () => {
  test.each([
    "correct horse battery staple",
    "pa$$word",
    "pa$SWORD",
    "$ecret123",
    "a$B_",
    "100%_sure%",
    "{curly}",
    "{{}}",
    `${D}{}`,
    `${D}{1a}`,
    "$2b$10$abcdefghijklmnopqrstuv",
    "$argon2id$v=19$m=65536",
    "environment:TOKEN",
    "https://hooks.slack.com/services/T0/B0/x",
    "tk_AbC123-_~.",
    "`",
  ])("may hold the same signs: %s", (text) => {
    expect(isUnresolved(text)).toBe(false);
  });
});
