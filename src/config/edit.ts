import { openclaw } from "../protocol/command.ts";
import { findProperty, parseDocument } from "./document.ts";
import { ConfigError, type ConfigIssue, editCommand, errorFromIssues } from "./errors.ts";
import { REDACTED, showPath } from "./hide.ts";
import { contradictions, type Interpretation, interpretConfig, valueIssue } from "./interpret.ts";
import { nearestKey } from "./nearest.ts";
import { type ConfigPath, configPaths, isSection, resolveKey, specOf } from "./schema.ts";
import { removedNames, stillDenied } from "./spellings.ts";
import { diffTexts } from "./text-diff.ts";
import { NotASection, removeFromText, setInText } from "./text-edit.ts";
import { Refused, readText } from "./values.ts";

/**
 * One wanted change. `text` is a value as typed on a command line, `value` one from a program. With `list`,
 * `text` joins or leaves the list that the key holds. Of a list that forbids, `whole` says that no other
 * spelling of it in the file is to count any more; without it what they forbid stays forbidden.
 */
export type EditRequest =
  | { readonly key: string; readonly text: string; readonly list?: ListChange | undefined }
  | { readonly key: string; readonly value: unknown; readonly whole?: true }
  | { readonly key: string; readonly unset: true };

/** What happens to a list with what was typed. */
export type ListChange = "add" | "remove";

type SettingRequest = Exclude<EditRequest, { readonly unset: true }>;

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
    if ("unset" in request && next !== after) removed.push(resolveKey(request.key) ?? request.key);
    after = next;
  }
  if (after === before) return { before, after, changedPaths: [], diff: "", warnings: [] };
  const old = interpretConfig(before ?? "", options.file);
  const now = interpretConfig(after ?? "", options.file);
  refuseNewErrors(old, now);
  // What was wrong had no value: that it is gone is a change all the same.
  const changed = new Set([...changedKeys(old, now), ...removed]);
  const changedPaths = [...changed];
  warnings.push(...newSlips(old, now));
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
  if (path === undefined) throw unknownKey(request);
  const checked = checkedValue(path, request);
  const list = "text" in request ? request.list : undefined;
  const wanted =
    list === undefined ? checked : changedList(text, { path, list, items: checked }, options.file);
  const value =
    Array.isArray(wanted) && !("whole" in request) && list !== "remove"
      ? [
          ...wanted,
          ...stillDenied(wanted, { typed: request.key, path, text: text ?? "" }, options.warnings),
        ]
      : wanted;
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

/**
 * What the list of `path`, under all its names, is once `items` are in it, or are not.
 * @throws ConfigError CONFIG_VALUE where the key holds no list, or the file's list has an error
 */
function changedList(
  text: string | null,
  {
    path,
    list,
    items,
  }: { readonly path: ConfigPath; readonly list: ListChange; readonly items: unknown },
  file: string,
): readonly unknown[] {
  const { values, errors } = interpretConfig(text ?? "", file);
  const wrong = errors.find((issue) => issue.path === path);
  if (wrong) throw errorFromIssues(wrong, [wrong]);
  const present = values.get(path) ?? specOf(path).default;
  if (Array.isArray(present) && Array.isArray(items)) {
    const kept = present.filter((one) => !items.includes(one));
    return list === "add" ? [...present, ...items.filter((one) => !present.includes(one))] : kept;
  }
  const next = openclaw`config set ${path} ${specOf(path).example}`;
  throw new ConfigError("CONFIG_VALUE", `${path} holds one value, not a list`, { next });
}

function parsedOrText(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function unknownKey(request: SettingRequest): ConfigError {
  const { key } = request;
  const nearest = nearestKey(key.split("."));
  const known = nearest === undefined ? undefined : resolveKey(nearest);
  const hint = nearest === undefined ? "" : `; did you mean ${nearest}?`;
  const next = known
    ? openclaw`config set ${nearest ?? known} ${valueFor(known, request)}`
    : openclaw`config --help`;
  const message = `${showPath(key.split("."))} is not a key of this gateway${hint}`;
  return new ConfigError("CONFIG_UNKNOWN_KEY", message, { next });
}

/**
 * Refuses to take out what is neither in the text nor a key or section of this gateway: who typed it meant
 * something else.
 * @throws ConfigError CONFIG_UNKNOWN_KEY
 */
export function refuseAbsent(text: string | null, key: string): void {
  const segments = key.split(".");
  const isKnown = resolveKey(key) !== undefined || isSection(key);
  const document = parseDocument(text ?? "");
  if (isKnown || document.errors.length > 0 || findProperty(document, segments)) return;
  const nearest = nearestKey(segments);
  const hint = nearest === undefined ? "" : `; did you mean ${nearest}?`;
  const next = nearest === undefined ? openclaw`config --help` : openclaw`config unset ${nearest}`;
  const message = `${showPath(segments)} is not in the file, nor a key of this gateway${hint}`;
  throw new ConfigError("CONFIG_UNKNOWN_KEY", message, { next });
}

/** What was typed for a key that does not exist, where the key that was meant takes it. */
function valueFor(path: ConfigPath, request: SettingRequest): string {
  const { type, secret, example } = specOf(path);
  if (secret) return "-";
  const fits = "text" in request && !(readText(type, request.text) instanceof Refused);
  return fits ? request.text : example;
}

function clearSecretRefused(path: ConfigPath): ConfigError {
  const message = `${path} would store the secret in clear text; it belongs hashed into the state`;
  return new ConfigError("CONFIG_CLEAR_SECRET", message, {
    next: openclaw`config set ${path} -`,
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

function refuseNewErrors(old: Interpretation, now: Interpretation): void {
  // Those that other errors kept from being looked for are not new either.
  const known = new Set([...old.errors, ...contradictions(old.values)].map(identityOf));
  const fresh = now.errors.filter((issue) => !known.has(identityOf(issue)));
  const [first] = fresh;
  if (first) throw errorFromIssues(first, fresh);
}

/** Names that look like a slip, and did not stand in the file before. */
function newSlips(old: Interpretation, now: Interpretation): string[] {
  const slips = ({ warnings }: Interpretation) =>
    warnings.filter(({ code }) => code === "CONFIG_UNKNOWN_COMMAND");
  const known = new Set(slips(old).map(identityOf));
  return slips(now)
    .filter((issue) => !known.has(identityOf(issue)))
    .map(({ message }) => message);
}

/** What tells one issue from another, wherever it stands in the file. */
function identityOf({ code, path, found }: ConfigIssue): string {
  return JSON.stringify([code, path, found]);
}

function changedKeys(old: Interpretation, now: Interpretation): ConfigPath[] {
  return configPaths().filter(
    (path) => JSON.stringify(old.values.get(path)) !== JSON.stringify(now.values.get(path)),
  );
}
