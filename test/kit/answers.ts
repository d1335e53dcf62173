import { ProtocolSchemas } from "@openclaw/gateway-protocol/schema";
import { Compile } from "typebox/schema";
import { afterAll, afterEach } from "vitest";
import { configSchema } from "../../src/config/json-schema.ts";
import type { Method } from "../../src/methods/method.ts";
import { RawJson } from "../../src/protocol/frames.ts";
import { type JsonSchema, openSchema } from "../../src/protocol/json-schema.ts";
import type { WireName } from "../../src/protocol/typed-schema.ts";

/**
 * Methods of this gateway's own declaration whose answers must fit the protocol's schema too, where
 * clients check with it. This gateway may say more than it has.
 */
export const protocolResults: Readonly<Record<string, WireName>> = {
  "config.schema": "ConfigSchemaResponse",
  "config.schema.lookup": "ConfigSchemaLookupResult",
  "device.pair.setupCode": "DevicePairSetupCodeResult",
  "device.pair.setupStatus": "DevicePairSetupStatusResult",
  "device.scopes.waitUpgrade": "ScopeUpgradeResult",
  "device.token.rotate": "DeviceTokenRotateResult",
  "logs.tail": "LogsTailResult",
  "node.event": "NodeEventResult",
  "node.pending.drain": "NodePendingDrainResult",
  "node.pending.enqueue": "NodePendingEnqueueResult",
  "skills.bins": "SkillsBinsResult",
  "skills.proposals.list": "SkillsProposalsListResult",
  "system.info": "SystemInfoResult",
};

type Check = ReturnType<typeof Compile>;

interface Problem {
  readonly instancePath?: string;
  readonly message?: string;
  readonly params?: unknown;
}

const checks = new Map<string, readonly Check[]>();
const wrong: string[] = [];
const answered = new Set<string>();

/** The methods that have answered in this file so far, by name. */
export function answeredMethods(): ReadonlySet<string> {
  return answered;
}

/**
 * A method that is as it was, and whose every answer is held against its result schema: one that says
 * less, more or something else fails the test that runs.
 */
export function checkedMethod(method: Method): Method {
  return {
    ...method,
    run: (params, call) => {
      const result = method.run(params, call);
      if (!(result instanceof Promise)) return held(method, result);
      return result.then((value) => held(method, value));
    },
  };
}

function held(method: Method, result: unknown): unknown {
  answered.add(method.name);
  const problem = answerProblem(method, result);
  if (problem !== undefined) wrong.push(problem);
  return result;
}

/** What is wrong with an answer, as it goes out: the method, where, and the value there. */
export function answerProblem(
  method: Pick<Method, "name" | "result">,
  result: unknown,
): string | undefined {
  const text = result instanceof RawJson ? result.text : JSON.stringify(result);
  const value: unknown = text === undefined ? undefined : JSON.parse(text);
  for (const check of checksOf(method)) {
    if (check.Check(value)) continue;
    const [, problems] = check.Errors(value);
    const words = (problems as readonly Problem[]).map((problem) => describe(problem, value));
    return `${method.name} gave an answer outside its result schema:\n${words.join("\n")}`;
  }
  return undefined;
}

const SHOWN = 400;

function describe({ instancePath: path = "", message, params }: Problem, value: unknown): string {
  const there = path
    .split("/")
    .slice(1)
    .reduce((at, name) => (at as Record<string, unknown> | undefined)?.[name], value);
  const facts = `${message} ${JSON.stringify(params)}`;
  return `  at ${path || "/"}: ${facts}: ${JSON.stringify(there)?.slice(0, SHOWN)}`;
}

function checksOf({ name, result }: Pick<Method, "name" | "result">): readonly Check[] {
  let found = checks.get(name);
  if (!found) {
    const wire = protocolResults[name];
    const schemas = [exact(result()), ...(wire ? [openSchema(ProtocolSchemas[wire])] : [])];
    found = schemas.map((schema) => Compile(schema));
    checks.set(name, found);
  }
  return found;
}

/** The schema with its names resolved, and no property allowed that it does not name. */
export function exact(schema: JsonSchema): JsonSchema {
  const { $ref } = schema;
  if (typeof $ref === "string") return named($ref);
  const out = Object.fromEntries(Object.entries(schema).map(([key, part]) => [key, below(part)]));
  const { properties } = schema;
  if (typeof properties !== "object" || properties === null) return out;
  const each = Object.entries(properties).map(([name, part]) => [name, exact(part)]);
  return { additionalProperties: false, ...out, properties: Object.fromEntries(each) };
}

function below(part: unknown): unknown {
  if (Array.isArray(part)) return part.map(below);
  return typeof part === "object" && part !== null ? exact(part as JsonSchema) : part;
}

function named(ref: string): JsonSchema {
  if (ref === "config.schema") return configSchema();
  const schema = ProtocolSchemas[ref as WireName] as object | undefined;
  if (!schema) throw new Error(`no schema is named ${ref}`);
  return { ...schema };
}

/** What was found wrong since the last call; no test fails for it any more. */
export function takeWrong(): string[] {
  return wrong.splice(0);
}

function failOnWrong(): void {
  const [first] = takeWrong();
  if (first !== undefined) throw new Error(first);
}

// A file that imports this one has its tests, and what they set up, judged by the answers they caused.
afterEach(failOnWrong);
afterAll(failOnWrong);
