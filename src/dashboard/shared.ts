/** What the page shares with the gateway beside names: commands as data, and the reasons of closes. */
export { HOST } from "../protocol/approve-line.ts";
export { DEVICE_REMOVED, WAITING_REPLACED } from "../protocol/close-reasons.ts";
export { type Command, commandText, openclaw, shell } from "../protocol/command.ts";
export { ADMIN } from "../protocol/scopes.ts";
export { commandOnGateway, plainText, readText, type Text } from "../protocol/text.ts";
