// A node on the reference client in a process of its own, so that a test can kill it. What it is
// comes as one message from its parent: url, token, identity (PEM keys), role and commands.
import { GatewayClient } from "@openclaw/gateway-client";
import { publicKeyRawBase64UrlFromPem, signDevicePayload } from "../../kit/reference-keys.mjs";

process.once("message", ({ url, token, identity, commands }) => {
  const client = new GatewayClient({
    url,
    token,
    role: "node",
    scopes: [],
    caps: ["system"],
    commands,
    mode: "node",
    clientName: "node-host",
    clientDisplayName: "doomed",
    clientVersion: "2026.9.1",
    platform: "linux",
    hostDeps: {
      loadOrCreateDeviceIdentity: () => identity,
      signDevicePayload,
      publicKeyRawBase64UrlFromPem,
      loadDeviceAuthToken: () => null,
      storeDeviceAuthToken: () => {},
      clearDeviceAuthToken: () => {},
    },
    onHelloOk: () => process.send("ready"),
    onEvent: ({ event, payload }) => {
      if (event !== "node.invoke.request") return;
      const { id, nodeId, paramsJSON } = payload;
      const result = { id, nodeId, ok: true, payloadJSON: paramsJSON };
      client.request("node.invoke.result", result).catch(() => {});
    },
  });
  client.start();
});
