import { Compile } from "typebox/schema";
import { cleanText } from "../lib/text.ts";
import type { JsonSchema } from "./json-schema.ts";

/** What a validator found: nothing, or one line such as `at /client/id: must be …`. */
export type Validate = (value: unknown) => string | undefined;

/** A description longer than this is cut. */
const MAX_CHARS = 512;

interface Problem {
  keyword?: string;
  instancePath?: string;
  message?: string;
  params?: Record<string, unknown>;
}

/**
 * A validator for `schema`, compiled at its first use, so that methods that are never called cost
 * nothing at start.
 */
export function validator(schema: JsonSchema): Validate {
  let compiled: ReturnType<typeof Compile> | undefined;
  return (value) => {
    compiled ??= Compile(schema);
    if (compiled.Check(value)) return undefined;
    const [, problems] = compiled.Errors(value);
    return describe(problems as readonly Problem[]);
  };
}

function describe(problems: readonly Problem[]): string {
  const lines = problems.map(describeOne).filter((line) => line !== "");
  // Names of properties are the client's own words.
  return cleanText([...new Set(lines)].join("; "), MAX_CHARS) ?? "unknown validation error";
}

function describeOne(problem: Problem): string {
  const path = problem.instancePath ?? "";
  const at = path === "" ? "" : `at ${path}: `;
  if (problem.keyword === "additionalProperties") {
    const name = first(problem.params?.["additionalProperties"]);
    return `${path === "" ? "at root" : `at ${path}`}: unexpected property '${name}'`;
  }
  if (problem.keyword === "required") {
    return `${at}must have required property '${first(problem.params?.["requiredProperties"])}'`;
  }
  return `${at}${problem.message ?? "validation error"}`;
}

function first(value: unknown): string {
  return String(Array.isArray(value) ? value[0] : value);
}
