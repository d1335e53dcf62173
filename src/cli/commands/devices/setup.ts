import { openclaw, REST } from "../../../protocol/command.ts";
import { isSetupAccess, type SetupAccess, setupGrants } from "../../../protocol/setup-access.ts";
import { decodeSetupCode, encodeSetupCode } from "../../../protocol/setup-code.ts";
import { say } from "../../../protocol/text.ts";
import { spanWords } from "../../kit/age.ts";
import { type Context, printJson, remark } from "../../kit/context.ts";
import { CliError } from "../../kit/exit.ts";
import { accessWords, shown } from "../../kit/words.ts";
import { withGateway } from "../../reach/connect.ts";
import type { Params } from "../../reach/gateway.ts";
import { adminNeeds } from "../../reach/needs.ts";
import { type InviteOptions, lifeParams, pinned, readPin } from "./invite-options.ts";
import { joinLines } from "./join-lines.ts";

/** `openclaw devices invite --setup-code` */
export async function setupCode(context: Context, options: InviteOptions): Promise<void> {
  const params = setupParams(options);
  const pin = readPin(options.pin);
  await withGateway(context, adminNeeds, async (gateway) => {
    const answer = await gateway.request("device.pair.setupCode", params);
    const made = { ...answer, setupCode: pinned(answer.setupCode, pin) };
    if (context.options.json) return printJson(context, made);
    const { io } = context;
    const code = shown(made.setupCode, 4096);
    io.data(code);
    const left = spanWords(made.expiresAtMs - io.now() + 500);
    const access = isSetupAccess(made.access) ? setupGrants[made.access] : { roles: ["node"] };
    remark(context, `  Works once, for ${left}, and leads to ${shown(made.gatewayUrl, 512)}.`);
    remark(context, `  Whoever enters it is paired as ${accessWords(access)}.`);
    if (made.accessDowngraded) {
      remark(context, "  Limited: without TLS others can read it on the way. For full access give");
      const set = openclaw`config set gateway.publicUrl ${REST}`;
      remark(context, say`  the gateway an https:// address: ${set}`);
    }
    if (made.access === "node") joinLines(context, { setupCode: code });
    else remark(context, "  In the OpenClaw app: Settings > Gateway, paste it or scan it (--qr).");
    if (options.qr) (await import("../../kit/qr.ts")).drawQr(context, [code, withoutExpiry(code)]);
  });
}

function setupParams(options: InviteOptions): Params<"device.pair.setupCode"> {
  const { access = "full", publicUrl } = options;
  for (const flag of ["role", "scopes", "uses"] as const) {
    if (options[flag] === undefined) continue;
    throw new CliError("usage", `--${flag} does not go with --setup-code; see --access`);
  }
  if (!isSetupAccess(access)) {
    throw new CliError("usage", "--access: expected full, limited or node");
  }
  return {
    includeQr: false,
    ...profileOf(access),
    ...(publicUrl !== undefined && { publicUrl }),
    ...lifeParams(options),
  };
}

/** Full access is what the protocol calls no profile. */
function profileOf(access: SetupAccess): Pick<Params<"device.pair.setupCode">, "bootstrapProfile"> {
  return access === "full" ? {} : { bootstrapProfile: access };
}

/** Apps do without the time, which the gateway knows anyway; then it fits a common terminal. */
function withoutExpiry(code: string): string {
  const payload = decodeSetupCode(code);
  if (!payload) return code;
  const { expiresAtMs: _, ...rest } = payload;
  return encodeSetupCode(rest);
}
