import {
  ConfigApplyParamsSchema,
  ConfigGetParamsSchema,
  ConfigPatchParamsSchema,
  ConfigSchemaLookupParamsSchema,
  ConfigSchemaParamsSchema,
  ConfigSetParamsSchema,
  ConnectParamsSchema,
  DevicePairApproveParamsSchema,
  DevicePairListParamsSchema,
  DevicePairRejectParamsSchema,
  DevicePairRemoveParamsSchema,
  DevicePairRenameParamsSchema,
  DeviceTokenRevokeParamsSchema,
  DeviceTokenRotateParamsSchema,
  LogsTailParamsSchema,
  ProtocolSchemas,
  ScopeUpgradeRequestSchema,
  ScopeUpgradeWaitSchema,
} from "@openclaw/gateway-protocol/schema";
import { openSchema } from "./json-schema.ts";

/**
 * The schemas of OpenClaw's protocol package that this gateway validates with, opened for unknown
 * properties because clients run ahead of schemas (protocol page, section 0).
 *
 * This is the one file that imports the package's schemas at run time: they cost 140 ms and 22 MB to
 * load, so the build evaluates this module and ships its exports as plain JSON (scripts/build.mjs).
 */
export const wireSchemas = {
  /** `device` and `auth` stay closed: a misspelt credential must not be ignored. */
  connect: openSchema(ConnectParamsSchema, ["/device", "/auth"]),
  configApply: openSchema(ConfigApplyParamsSchema),
  configGet: openSchema(ConfigGetParamsSchema),
  configPatch: openSchema(ConfigPatchParamsSchema),
  configSchema: openSchema(ConfigSchemaParamsSchema),
  configSchemaLookup: openSchema(ConfigSchemaLookupParamsSchema),
  configSet: openSchema(ConfigSetParamsSchema),
  devicePairApprove: openSchema(DevicePairApproveParamsSchema),
  devicePairList: openSchema(DevicePairListParamsSchema),
  devicePairReject: openSchema(DevicePairRejectParamsSchema),
  devicePairRemove: openSchema(DevicePairRemoveParamsSchema),
  devicePairRename: openSchema(DevicePairRenameParamsSchema),
  deviceTokenRevoke: openSchema(DeviceTokenRevokeParamsSchema),
  deviceTokenRotate: openSchema(DeviceTokenRotateParamsSchema),
  logsTail: openSchema(LogsTailParamsSchema),
  scopeUpgradeRequest: openSchema(ScopeUpgradeRequestSchema),
  scopeUpgradeWait: openSchema(ScopeUpgradeWaitSchema),
};

const open = (name: keyof typeof ProtocolSchemas) => openSchema(ProtocolSchemas[name]);

/** Those of the methods that the agent's side answers. */
export const agentSchemas = {
  agent: open("AgentParams"),
  agentIdentity: open("AgentIdentityParams"),
  agentWait: open("AgentWaitParams"),
  agentsList: open("AgentsListParams"),
  boardGet: open("BoardGetParams"),
  channelsStatus: open("ChannelsStatusParams"),
  chatAbort: open("ChatAbortParams"),
  chatHistory: open("ChatHistoryParams"),
  chatInject: open("ChatInjectParams"),
  chatMetadata: open("ChatMetadataParams"),
  chatSend: open("ChatSendParams"),
  commandsList: open("CommandsListParams"),
  cronList: open("CronListParams"),
  modelsList: open("ModelsListParams"),
  progressCardGet: open("ProgressCardGetParams"),
  projectsList: open("ProjectsListParams"),
  sessionDiscussionInfo: open("SessionDiscussionInfoParams"),
  sessionGitHubOptions: open("SessionGitHubOptionsParams"),
  sessionsBranchesList: open("SessionsBranchesListParams"),
  sessionsCatalogList: open("SessionsCatalogListParams"),
  sessionsCompact: open("SessionsCompactParams"),
  sessionsCompanionState: open("SessionsCompanionStateParams"),
  sessionsCreate: open("SessionsCreateParams"),
  sessionsDelete: open("SessionsDeleteParams"),
  sessionsDescribe: open("SessionsDescribeParams"),
  sessionsList: open("SessionsListParams"),
  sessionsObserverVisibility: open("SessionsObserverVisibilityParams"),
  sessionsPatch: open("SessionsPatchParams"),
  sessionsReset: open("SessionsResetParams"),
  sessionsViewersSet: open("SessionsViewerPresenceSetParams"),
  taskSuggestionsList: open("TaskSuggestionsListParams"),
  tasksList: open("TasksListParams"),
};
