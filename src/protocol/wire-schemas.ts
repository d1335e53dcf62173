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
  DevicePairSetupCodeParamsSchema,
  DevicePairSetupStatusParamsSchema,
  DeviceTokenRevokeParamsSchema,
  DeviceTokenRotateParamsSchema,
  LogsTailParamsSchema,
  NodeDescribeParamsSchema,
  NodeEventParamsSchema,
  NodeInvokeParamsSchema,
  NodeInvokeProgressParamsSchema,
  NodeInvokeResultParamsSchema,
  NodeListParamsSchema,
  NodePairApproveParamsSchema,
  NodePairListParamsSchema,
  NodePairRejectParamsSchema,
  NodePairRemoveParamsSchema,
  NodePendingAckParamsSchema,
  NodePendingDrainParamsSchema,
  NodePendingEnqueueParamsSchema,
  NodePluginToolsUpdateParamsSchema,
  NodeRenameParamsSchema,
  NodeSkillsUpdateParamsSchema,
  ProtocolSchemas,
  ScopeUpgradeRequestSchema,
  ScopeUpgradeWaitSchema,
} from "@openclaw/gateway-protocol/schema";
import type { Static, TSchema } from "typebox";
import { openSchema } from "./json-schema.ts";
import { type TypedSchema, typed } from "./typed-schema.ts";

/** A schema whose type the package leaves wider than what it describes: its enums are any string. */
function narrowed<Value, Narrow extends { readonly [Key in keyof Value]?: unknown }>(
  schema: TypedSchema<Value>,
): TypedSchema<Omit<Value, keyof Narrow> & Narrow> {
  return typed(schema);
}

/** A schema of the package, open for more and with its type. */
function opened<Schema extends TSchema>(
  schema: Schema,
  closed: readonly string[] = [],
): TypedSchema<Static<Schema>> {
  return typed(openSchema(schema, closed));
}

/**
 * The schemas of OpenClaw's protocol package that this gateway validates with, opened for unknown
 * properties because clients run ahead of schemas (docs/protocol.md#connections-and-frames).
 *
 * This is the one file that imports the package's schemas at run time: they cost 140 ms and 22 MB to
 * load, so the build evaluates this module and ships its exports as plain JSON (scripts/build.mjs).
 */
export const wireSchemas = {
  /** `device` and `auth` stay closed: a misspelt credential must not be ignored. */
  connect: opened(ConnectParamsSchema, ["/device", "/auth"]),
  configApply: opened(ConfigApplyParamsSchema),
  configGet: opened(ConfigGetParamsSchema),
  configPatch: opened(ConfigPatchParamsSchema),
  configSchema: opened(ConfigSchemaParamsSchema),
  configSchemaLookup: opened(ConfigSchemaLookupParamsSchema),
  configSet: opened(ConfigSetParamsSchema),
  devicePairApprove: opened(DevicePairApproveParamsSchema),
  devicePairList: opened(DevicePairListParamsSchema),
  devicePairReject: opened(DevicePairRejectParamsSchema),
  devicePairRemove: opened(DevicePairRemoveParamsSchema),
  devicePairRename: opened(DevicePairRenameParamsSchema),
  devicePairSetupCode: narrowed<
    Static<typeof DevicePairSetupCodeParamsSchema>,
    { bootstrapProfile?: "limited" | "node" }
  >(opened(DevicePairSetupCodeParamsSchema)),
  devicePairSetupStatus: opened(DevicePairSetupStatusParamsSchema),
  deviceTokenRevoke: opened(DeviceTokenRevokeParamsSchema),
  deviceTokenRotate: opened(DeviceTokenRotateParamsSchema),
  logsTail: opened(LogsTailParamsSchema),
  nodeDescribe: opened(NodeDescribeParamsSchema),
  nodeEvent: opened(NodeEventParamsSchema),
  nodeInvoke: opened(NodeInvokeParamsSchema),
  nodeInvokeProgress: opened(NodeInvokeProgressParamsSchema),
  nodeInvokeResult: opened(NodeInvokeResultParamsSchema),
  nodeList: opened(NodeListParamsSchema),
  nodePairApprove: opened(NodePairApproveParamsSchema),
  nodePairList: opened(NodePairListParamsSchema),
  nodePairReject: opened(NodePairRejectParamsSchema),
  nodePairRemove: opened(NodePairRemoveParamsSchema),
  nodePendingAck: opened(NodePendingAckParamsSchema),
  nodePendingDrain: opened(NodePendingDrainParamsSchema),
  nodePendingEnqueue: narrowed<
    Static<typeof NodePendingEnqueueParamsSchema>,
    { priority?: "normal" | "high" }
  >(opened(NodePendingEnqueueParamsSchema)),
  nodePluginToolsUpdate: opened(NodePluginToolsUpdateParamsSchema),
  nodeRename: opened(NodeRenameParamsSchema),
  nodeSkillsUpdate: opened(NodeSkillsUpdateParamsSchema),
  scopeUpgradeRequest: opened(ScopeUpgradeRequestSchema),
  scopeUpgradeWait: opened(ScopeUpgradeWaitSchema),
};

const open = <Name extends keyof typeof ProtocolSchemas>(name: Name) =>
  opened<(typeof ProtocolSchemas)[Name]>(ProtocolSchemas[name]);

/** A schema of params whose property `name` may be any text, not only those that this version lists. */
function anyText<Value extends object, Name extends keyof Value & string>(
  schema: TypedSchema<Value>,
  name: Name,
): TypedSchema<Omit<Value, Name> & { readonly [Key in Name]?: string }> {
  const properties = { ...(schema["properties"] as object), [name]: { type: "string" } };
  return typed({ ...schema, properties });
}

/**
 * Schemas of the methods that the agent's side answers, and of others that clients of agents call.
 */
export const agentSchemas = {
  agent: open("AgentParams"),
  agentIdentity: open("AgentIdentityParams"),
  agentWait: open("AgentWaitParams"),
  agentsFilesList: open("AgentsFilesListParams"),
  agentsList: open("AgentsListParams"),
  approvalHistory: open("ApprovalHistoryParams"),
  artifactsList: open("ArtifactsListParams"),
  boardGet: open("BoardGetParams"),
  channelsPairingList: open("ChannelsPairingListParams"),
  channelsStatus: open("ChannelsStatusParams"),
  chatAbort: open("ChatAbortParams"),
  chatHistory: open("ChatHistoryParams"),
  chatInject: open("ChatInjectParams"),
  chatMetadata: open("ChatMetadataParams"),
  chatSend: open("ChatSendParams"),
  commandsList: open("CommandsListParams"),
  cronList: open("CronListParams"),
  cronRuns: open("CronRunsParams"),
  execApprovalGrantsList: open("ExecApprovalGrantsListParams"),
  modelsList: open("ModelsListParams"),
  progressCardGet: open("ProgressCardGetParams"),
  projectsList: open("ProjectsListParams"),
  sessionMembersList: open("SessionMembersListParams"),
  sessionDiscussionInfo: open("SessionDiscussionInfoParams"),
  sessionGitHubOptions: open("SessionGitHubOptionsParams"),
  sessionsBranchesList: open("SessionsBranchesListParams"),
  sessionsCatalogList: open("SessionsCatalogListParams"),
  sessionsCompact: open("SessionsCompactParams"),
  sessionsCompanionState: open("SessionsCompanionStateParams"),
  sessionsCreate: open("SessionsCreateParams"),
  sessionsDelete: open("SessionsDeleteParams"),
  sessionsDescribe: open("SessionsDescribeParams"),
  // The order of an empty list is nobody's concern, and newer pages know orders that this version does not.
  sessionsList: anyText(open("SessionsListParams"), "sortBy"),
  sessionsObserverVisibility: open("SessionsObserverVisibilityParams"),
  sessionsPatch: open("SessionsPatchParams"),
  sessionsPreview: open("SessionsPreviewParams"),
  sessionsReset: open("SessionsResetParams"),
  sessionsSearch: open("SessionsSearchParams"),
  sessionsUsage: open("SessionsUsageParams"),
  sessionsViewersSet: open("SessionsViewerPresenceSetParams"),
  skillsLibraryList: open("SkillsLibraryListParams"),
  skillsProposalsList: open("SkillsProposalsListParams"),
  skillsSearch: open("SkillsSearchParams"),
  skillsStatus: open("SkillsStatusParams"),
  talkConfig: open("TalkConfigParams"),
  taskSuggestionsList: open("TaskSuggestionsListParams"),
  tasksList: open("TasksListParams"),
  toolsCatalog: open("ToolsCatalogParams"),
  toolsEffective: open("ToolsEffectiveParams"),
  toolsGitHubStatus: open("ToolsGitHubStatusParams"),
  updateStatus: open("UpdateStatusParams"),
};
