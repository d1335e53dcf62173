import { openclaw } from "../protocol/command.ts";
import { parseDocument } from "./document.ts";
import { ConfigError, type ConfigIssue, editCommand, errorFromIssues } from "./errors.ts";
import { REDACTED, showPath } from "./hide.ts";
import { interpretConfig, valueIssue } from "./interpret.ts";
import { nearestKey } from "./nearest.ts";
import { type ConfigPath, configPaths, resolveKey, specOf } from "./schema.ts";
import { removedNames, stillDenied } from "./spellings.ts";
import { diffTexts } from "./text-diff.ts";
import { NotASection, removeFromText, setInText } from "./text-edit.ts";
import { Refused, readText } from "./values.ts";

/**
 * One wanted change. `text` is a value as typed on a command line, `value` one from a program. Of a list
 * that forbids, `whole` says that no other spelling of it in the file is to count any more; without it
 * what they forbid stays forbidden.
 */
export type EditRequest =
  | { readonly key: string; readonly text: string }
  | { readonly key: string; readonly value: unknown; readonly whole?: true }
  | { readonly key: string; readonly unset: true };

export interface EditPlan {
  /** The file's text before, null when there is none. Clear secrets included. */
  readonly before: string | null;
  /** The text to write; equal to `before` when nothing changes. Clear secrets included. */
  readonly after: string | null;
  /** Known keys whose value in the file differs, and unknown keys that were removed. */
  readonly changedPaths: readonly string[];
  /** What changed, for people, secrets hidden; empty when nothing changed. */
  readonly diff: string;
  /** What is worth knowing of the change, in words. */
  readonly warnings: readonly string[];
}

export interface EditOptions {
  /** Named in commands only. */
  readonly file: string;
  /** Lets a clear-text secret be set. Off: the secret belongs hashed into the state instead. */
  readonly allowClearSecrets?: boolean;
}

/**
 * Works out the text that results from `requests`, and checks it, without writing anything. Other
 * keys that were already wrong do not stand in the way: they could not be repaired otherwise.
 * Pure.
 * @throws ConfigError CONFIG_SYNTAX, CONFIG_UNKNOWN_KEY, CONFIG_VALUE, CONFIG_REDACTED,
 * CONFIG_CLEAR_SECRET
 */
export function planEdit(
  before: string | null,
  requests: readonly EditRequest[],
  options: EditOptions,
): EditPlan {
  refuseBrokenText(before ?? "", options.file);
  let after = before;
  const removed: string[] = [];
  const warnings: string[] = [];
  for (const request of requests) {
    const next = apply(after, request, { ...options, warnings });
    if ("unset" in request && resolveKey(request.key) === undefined && next !== after)
      removed.push(request.key);
    after = next;
  }
  if (after === before) return { before, after, changedPaths: [], diff: "", warnings: [] };
  refuseNewErrors(before ?? "", after ?? "", options.file);
  const changedPaths = [...changedKeys(before ?? "", after ?? ""), ...removed];
  warnings.push(...newSlips(before ?? "", after ?? ""));
  return { before, after, changedPaths, diff: diffTexts(before ?? "", after ?? ""), warnings };
}

/** Where what is said of a change is gathered. */
type Applying = EditOptions & { readonly warnings: string[] };

function apply(text: string | null, request: EditRequest, options: Applying): string | null {
  const path = resolveKey(request.key);
  if ("unset" in request) {
    if (text === null) return null;
    const names = removedNames(request.key, { path, text }, options.warnings);
    return names.reduce((rest, name) => removeFromText(rest, name.split(".")), text);
  }
  if (path === undefined) throw unknownKey(request.key);
  const checked = checkedValue(path, request);
  const value =
    Array.isArray(checked) && !("whole" in request)
      ? [
          ...checked,
          ...stillDenied(checked, { typed: request.key, path, text: text ?? "" }, options.warnings),
        ]
      : checked;
  if (specOf(path).secret && !options.allowClearSecrets) throw clearSecretRefused(path);
  // An alias beside the key would be a second, stale value.
  const aliases = specOf(path).aliases ?? [];
  const rest = aliases.reduce((kept, name) => removeFromText(kept, name.split(".")), text ?? "");
  try {
    return setInText(rest, path.split("."), value);
  } catch (error) {
    if (!(error instanceof NotASection)) throw error;
    const next = editCommand(options.file);
    throw new ConfigError("CONFIG_VALUE", `${path} can't be set: ${error.message}`, { next });
  }
}

function checkedValue(path: ConfigPath, request: { text: string } | { value: unknown }): unknown {
  const { type } = specOf(path);
  const given = "text" in request ? request.text : request.value;
  if (JSON.stringify(given)?.includes(REDACTED)) {
    const message = `${path}: ${REDACTED} stands for a hidden value and can't be stored`;
    throw new ConfigError("CONFIG_REDACTED", message, { next: openclaw`config get ${path}` });
  }
  const value = "text" in request ? readText(type, request.text) : type.read(request.value);
  if (!(value instanceof Refused)) return value;
  const shown = "text" in request ? parsedOrText(request.text) : request.value;
  const issue = valueIssue(path, shown, value);
  throw errorFromIssues(issue, [issue]);
}

function parsedOrText(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function unknownKey(key: string): ConfigError {
  const nearest = nearestKey(key.split("."));
  const known = nearest === undefined ? undefined : resolveKey(nearest);
  const hint = nearest === undefined ? "" : `; did you mean ${nearest}?`;
  const next = known
    ? openclaw`config set ${nearest ?? known} ${specOf(known).secret ? "-" : specOf(known).example}`
    : openclaw`config --help`;
  const message = `${showPath(key.split("."))} is not a key of this gateway${hint}`;
  return new ConfigError("CONFIG_UNKNOWN_KEY", message, { next });
}

function clearSecretRefused(path: ConfigPath): ConfigError {
  const message = `${path} would store the secret in clear text; it belongs hashed into the state`;
  return new ConfigError("CONFIG_CLEAR_SECRET", message, {
    next: openclaw`config migrate-secrets`,
  });
}

/** @throws ConfigError CONFIG_SYNTAX: an edit of a text that can't be read could destroy it. */
function refuseBrokenText(text: string, file: string): void {
  const { errors } = parseDocument(text);
  if (errors.length === 0) return;
  const issues = interpretConfig(text, file).errors;
  const [first] = issues;
  if (first) throw errorFromIssues(first, issues);
}

function refuseNewErrors(before: string, after: string, file: string): void {
  const known = new Set(interpretConfig(before, file).errors.map(identityOf));
  const fresh = interpretConfig(after, file).errors.filter(
    (issue) => !known.has(identityOf(issue)),
  );
  const [first] = fresh;
  if (first) throw errorFromIssues(first, fresh);
}

/** Names that look like a slip, and did not stand in the file before. */
function newSlips(before: string, after: string): string[] {
  const slips = (text: string) =>
    interpretConfig(text, "").warnings.filter(({ code }) => code === "CONFIG_UNKNOWN_COMMAND");
  const known = new Set(slips(before).map(identityOf));
  return slips(after)
    .filter((issue) => !known.has(identityOf(issue)))
    .map(({ message }) => message);
}

/** What tells one issue from another, wherever it stands in the file. */
function identityOf({ code, path, found }: ConfigIssue): string {
  return JSON.stringify([code, path, found]);
}

function changedKeys(before: string, after: string): ConfigPath[] {
  const old = interpretConfig(before, "").values;
  const next = interpretConfig(after, "").values;
  return configPaths().filter(
    (path) => JSON.stringify(old.get(path)) !== JSON.stringify(next.get(path)),
  );
}
