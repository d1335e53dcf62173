import { openclaw, REST } from "../protocol/command.ts";
import type { JsonSchema } from "../protocol/json-schema.ts";
import { plainText, say } from "../protocol/text.ts";
import {
  type ConfigPath,
  configPaths,
  isSection,
  type KeySpec,
  resolveKey,
  specOf,
} from "./schema.ts";

/** How a form shows one key (`uiHints` of the protocol). */
export interface KeyHint {
  readonly label: string;
  readonly help: string;
  readonly placeholder?: string;
  readonly sensitive?: true;
  readonly advanced?: true;
  readonly tags: readonly string[];
}

/** One key or section, and what stands directly below it. */
export interface SchemaPlace {
  readonly path: string;
  readonly schema: JsonSchema;
  readonly reloadKind?: "hot" | "restart";
  readonly hint?: KeyHint;
  readonly hintPath?: string;
  readonly children: readonly SchemaChild[];
}

interface SchemaChild {
  readonly key: string;
  readonly path: string;
  readonly type: string;
  readonly required: false;
  readonly hasChildren: boolean;
  readonly reloadKind?: "hot" | "restart";
  readonly hint?: KeyHint;
  readonly hintPath?: string;
}

interface Section {
  readonly type: "object";
  readonly properties: Record<string, JsonSchema | Section>;
  readonly additionalProperties: true;
}

const emptySection = (): Section => ({
  type: "object",
  properties: {},
  additionalProperties: true,
});

/** The whole configuration as one JSON Schema. Keys that it does not name may stand in the file. */
export function configSchema(): JsonSchema {
  const root = emptySection();
  for (const path of configPaths()) {
    const segments = path.split(".");
    const name = segments.pop() ?? "";
    let at = root;
    for (const segment of segments) {
      at.properties[segment] ??= emptySection();
      at = at.properties[segment] as Section;
    }
    at.properties[name] = keySchema(path);
  }
  return { ...root };
}

/** A hint for every key, by its dotted path. */
export function configHints(): Record<string, KeyHint> {
  return Object.fromEntries(configPaths().map((path) => [path, hintOf(specOf(path), path)]));
}

/** The key or section at `path` (`""` or `.` is the whole), or undefined where there is none. */
export function schemaAt(path: string): SchemaPlace | undefined {
  const wanted = path === "." ? "" : path;
  const key = resolveKey(wanted);
  if (key) {
    return { path: key, schema: keySchema(key), ...factsOf(key), children: [] };
  }
  if (wanted !== "" && !isSection(wanted)) return undefined;
  return { path: wanted || ".", schema: { type: "object" }, children: childrenOf(wanted) };
}

function childrenOf(section: string): SchemaChild[] {
  const prefix = section === "" ? "" : `${section}.`;
  const below = configPaths().filter((path) => path.startsWith(prefix));
  const names = new Set(below.map((path) => path.slice(prefix.length).split(".")[0] ?? ""));
  return [...names].map((key) => {
    const path = `${prefix}${key}`;
    const known = resolveKey(path);
    const type = known ? String(specOf(known).type.schema["type"]) : "object";
    const facts = known ? factsOf(known) : {};
    return { key, path, type, required: false, hasChildren: known === undefined, ...facts };
  });
}

function factsOf(path: ConfigPath) {
  const spec = specOf(path);
  const reloadKind = spec.apply === "live" ? ("hot" as const) : ("restart" as const);
  return { reloadKind, hint: hintOf(spec, path), hintPath: path };
}

function keySchema(path: ConfigPath): JsonSchema {
  const { type, help, hostOnly, secret, default: value } = specOf(path);
  return {
    ...type.schema,
    description: plainText(help),
    ...(value !== undefined && { default: value }),
    ...(hostOnly && { readOnly: true }),
    ...(secret && { writeOnly: true }),
  };
}

function hintOf({ help, example, hostOnly, secret }: KeySpec<unknown>, path: string): KeyHint {
  const onHost = openclaw`config set ${path} ${secret ? "-" : REST}`;
  return {
    label: path.split(".").at(-1) ?? path,
    help: plainText(hostOnly ? say`${help} Only on the host: ${onHost}` : help),
    ...(!secret && { placeholder: example }),
    ...(secret && { sensitive: true }),
    ...(hostOnly && { advanced: true }),
    tags: hostOnly ? ["host-only"] : [],
  };
}
