import type { GatewayConfig } from "../../config/schema.ts";
import * as t from "../../protocol/typed-schema.ts";
import { strings } from "./devices.ts";
import { secretKind } from "./host.ts";

/** Settings as the method `config.schema` describes them, defaults included and secrets hidden. */
const settings = () => t.typed<GatewayConfig>({ $ref: "config.schema" });
const problems = () => t.array(t.object({ path: t.string(), message: t.string() }));

/** `config` is what is in force; `parsed` and `raw` are what stands in the file. */
export const configView = () =>
  t.object({
    path: t.string(),
    exists: t.boolean(),
    raw: t.orNull(t.string()),
    parsed: t.anything(),
    sourceConfig: t.anything(),
    resolved: settings(),
    valid: t.boolean(),
    runtimeConfig: settings(),
    config: settings(),
    hash: t.string(),
    issues: problems(),
    warnings: problems(),
    legacyIssues: problems(),
    configRevisionHash: t.string(),
    appliedConfigHash: t.string(),
    /** Keys that another place than the file sets. */
    overrides: t.array(
      t.object({ path: t.string(), by: t.oneOf("env", "flag"), name: t.string() }),
    ),
  });

/** `kept`: unknown keys that were left out of what was sent and stay in the file. */
export const configWritten = () =>
  t.object(
    {
      ok: t.exactly(true),
      path: t.string(),
      hash: t.string(),
      config: settings(),
      changedPaths: strings(),
      warnings: strings(),
    },
    { kept: strings(), noop: t.exactly(true) },
  );

export const configChanged = () =>
  t.object({
    path: t.string(),
    file: t.string(),
    diff: t.string(),
    changedPaths: strings(),
    restartNeeded: t.boolean(),
    inForce: t.boolean(),
    warnings: strings(),
  });

/** `diff`: what changes in the file, values hidden. */
export const secretsMigrated = () =>
  t.object({
    found: t.array(secretKind()),
    diff: t.string(),
    applied: t.boolean(),
  });

const hint = () =>
  t.object(
    { label: t.string(), help: t.string(), tags: strings() },
    { placeholder: t.string(), sensitive: t.exactly(true), advanced: t.exactly(true) },
  );

export const configSchemaShown = () =>
  t.object({
    schema: t.anything(),
    uiHints: t.record(hint()),
    version: t.string(),
    generatedAt: t.string(),
  });

const place = () => ({ reloadKind: t.oneOf("hot", "restart"), hint: hint(), hintPath: t.string() });

const child = () =>
  t.object(
    {
      key: t.string(),
      path: t.string(),
      type: t.string(),
      required: t.exactly(false),
      hasChildren: t.boolean(),
    },
    place(),
  );

export const configPlace = () =>
  t.object({ path: t.string(), schema: t.anything(), children: t.array(child()) }, place());
