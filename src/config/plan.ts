import { type EditPlan, type ListChange, planEdit, refuseAbsent } from "./edit.ts";
import type { ConfigFile } from "./edit-file.ts";
import { type ClearSecret, migrateSecrets, type SecretMigration } from "./migrate.ts";
import { type PatchKind, planPatch } from "./patch-plan.ts";
import { publicHash } from "./redact.ts";
import type { GatewayConfig } from "./schema.ts";

/** A change as a client sends it (`config.set`, `config.patch`, `config.apply`). */
export interface ConfigWrite {
  readonly kind: PatchKind;
  /** JSON with comments, at most 1 MiB. */
  readonly raw: string;
  /** The hash that `config.get` gave; needed where there is a file. */
  readonly baseHash?: string | undefined;
}

/** One key, as typed on the host. */
export interface ConfigKeySet {
  readonly kind: "set";
  readonly path: string;
  /** Absent to take the key out. */
  readonly value?: string | undefined;
  /** `value` joins, or leaves, the list that the key holds. */
  readonly list?: ListChange | undefined;
}

/** Secrets that stand in the file in clear and leave it. */
export interface ClearSecretsDrop {
  readonly kind: "drop";
  readonly secrets: readonly ClearSecret[];
}

export type ConfigRequest = ConfigWrite | ConfigKeySet | ClearSecretsDrop;

/**
 * What a change of the configuration's file comes to: from which text to which. Holds clear secrets, so
 * it is neither sent nor printed.
 */
export interface ConfigPlan extends EditPlan {
  /** The file as it was read; the plan is for this text and no other. */
  readonly file: ConfigFile;
  /** The settings that were in force then. */
  readonly current: GatewayConfig;
  /** The hash that `config.get` gives once the plan is written. */
  readonly hash: string;
  /** Unknown keys that a client's text left out and that stay in the file. */
  readonly kept: readonly string[];
  /** The clear secrets that the plan takes out of the file, by kind. */
  readonly secrets: SecretMigration["secrets"];
}

/**
 * Works out a change of `file` and checks it. Pure.
 * @throws ConfigError as planPatch, planEdit and migrateSecrets do
 */
export function planConfig(
  file: ConfigFile,
  request: ConfigRequest,
  context: { readonly current: GatewayConfig; readonly hashKey: Buffer },
): ConfigPlan {
  const planned = edited(file, request, context.current);
  return {
    kept: [],
    secrets: {},
    ...planned,
    file,
    current: context.current,
    hash: publicHash(planned.after, context.hashKey),
  };
}

function edited(
  file: ConfigFile,
  request: ConfigRequest,
  current: GatewayConfig,
): EditPlan & Partial<Pick<ConfigPlan, "kept" | "secrets">> {
  const { raw: before, path } = file;
  switch (request.kind) {
    case "set": {
      const { path: key, value, list } = request;
      const edit = value === undefined ? { key, unset: true as const } : { key, text: value, list };
      if (value === undefined) refuseAbsent(before, key);
      return planEdit(before, [edit], { file: path });
    }
    case "drop":
      return migrateSecrets(before, path, request.secrets);
    default: {
      const { requests, kept } = planPatch({
        ...request,
        before: before ?? "",
        current,
        file: path,
      });
      return { ...planEdit(before, requests, { file: path }), kept };
    }
  }
}
