// The devices commands, on devices that connect as an application would.
import { makeDevice } from "../../../test/kit/device.mjs";
import { login } from "../../../test/kit/wire-client.mjs";
import { contains, json, must, refuses, shows } from "../judge.mjs";
import { TOKEN } from "../stage.mjs";
import { inArea } from "./row.mjs";

/** A device connects; what the gateway answered. @param {import("../stage.mjs").Stage} stage */
async function connect(stage, device, auth = { token: TOKEN }) {
  const { wire, response } = await login({ port: stage.port }, { device, auth, mode: "ui" });
  wire.socket.destroy();
  return response;
}

/** A new device asks for pairing. @returns its request id and its keys */
async function stranger(stage) {
  const device = makeDevice();
  const { error } = await connect(stage, device);
  must(error?.details?.requestId, `no request id: ${error?.message}`);
  return { device, requestId: error.details.requestId };
}

/** Our own list of paired devices, by id. */
async function paired(stage, id) {
  const { paired } = await stage.ours("devices", "list");
  return paired.find(({ deviceId }) => deviceId === id);
}

export const deviceRows = inArea("Command line: devices", [
  [
    "openclaw devices list",
    "the device that asks, with its code",
    async (stage) => {
      stage.found.first = await stranger(stage);
      const ran = await stage.theirs(["devices", "list"]);
      shows(ran, "Pending (1)", stage.found.first.requestId);
    },
  ],
  [
    "openclaw devices list --json",
    "the same as JSON",
    async (stage) => {
      const { pending } = json(await stage.theirs(["devices", "list", "--json"]));
      must(pending[0]?.requestId === stage.found.first.requestId, "another request");
    },
  ],
  [
    "openclaw devices approve --latest",
    "names the newest request and the command that approves it, and approves nothing",
    async (stage) => {
      const { requestId, device } = stage.found.first;
      contains((await stage.theirs(["devices", "approve", "--latest"])).output, requestId);
      must(!(await paired(stage, device.deviceId)), "the device was approved");
    },
  ],
  [
    "openclaw devices approve <code>",
    "the device is paired and gets its token at the next connect",
    async (stage) => {
      const { requestId, device } = stage.found.first;
      shows(await stage.theirs(["devices", "approve", requestId]), "Approved");
      const { ok, payload } = await connect(stage, device);
      must(ok, "the device was not let in");
      stage.found.first.token = payload.auth.deviceToken;
      must(stage.found.first.token, "it got no device token");
    },
  ],
  [
    "openclaw devices approve <unknown code>",
    "refused: unknown requestId",
    async (stage) => {
      const ran = await stage.theirs(["devices", "approve", "ZZZZ-ZZZZ"]);
      refuses(ran, /unknown requestId|no pending|not found/i);
    },
  ],
  [
    "openclaw devices rename --device <id> --name Kitchen",
    "the label is in our own list",
    async (stage) => {
      const { deviceId: id } = stage.found.first.device;
      shows(await stage.theirs(["devices", "rename", "--device", id, "--name", "Kitchen"]));
      must((await paired(stage, id)).operatorLabel === "Kitchen", "it has no such label");
    },
  ],
  [
    "openclaw devices rotate --device <id> --role operator",
    "the old device token is refused afterwards",
    async (stage) => {
      const { device, token } = stage.found.first;
      shows(
        await stage.theirs([
          "devices",
          "rotate",
          "--device",
          device.deviceId,
          "--role",
          "operator",
        ]),
      );
      const { error } = await connect(stage, device, { deviceToken: token });
      must(error?.details?.code === "AUTH_DEVICE_TOKEN_MISMATCH", "the old token still works");
      must((await connect(stage, device)).ok, "the device cannot get its new token");
    },
  ],
  [
    "openclaw devices revoke --device <id> --role operator",
    "the device has to be approved again",
    async (stage) => {
      const { device } = stage.found.first;
      shows(
        await stage.theirs([
          "devices",
          "revoke",
          "--device",
          device.deviceId,
          "--role",
          "operator",
        ]),
      );
      const { error } = await connect(stage, device);
      must(error?.code === "NOT_PAIRED", "the device is still let in");
    },
  ],
  [
    "openclaw devices reject <code>",
    "the request is gone",
    async (stage) => {
      const { requestId } = await stranger(stage);
      shows(await stage.theirs(["devices", "reject", requestId]), "Rejected");
      const { pending } = await stage.ours("devices", "list");
      must(!pending.some((row) => row.requestId === requestId), "it still waits");
    },
  ],
  [
    "openclaw devices remove <id>",
    "the device is gone from our own list",
    async (stage) => {
      const { deviceId: id } = stage.found.first.device;
      shows(await stage.theirs(["devices", "remove", id]));
      must(!(await paired(stage, id)), "it is still paired");
    },
  ],
]);

/** Last: it removes what the rows before it work with. */
export const clearRows = inArea("Command line: devices", [
  [
    "openclaw devices clear --yes --pending",
    "no device and no request is left",
    async (stage) => {
      // What still runs would ask again.
      await stage.found.host?.stop();
      await stage.found.web?.page.context().close();
      const { device, requestId } = await stranger(stage);
      await stage.ours("devices", "approve", requestId);
      await stranger(stage);
      shows(await stage.theirs(["devices", "clear", "--yes", "--pending"]));
      const left = await stage.ours("devices", "list");
      must(left.paired.length === 0, `${left.paired.length} devices are left`);
      must(left.pending.length === 0, `${left.pending.length} requests are left`);
      must(!(await connect(stage, device)).ok, "a cleared device is let in");
    },
  ],
]);
