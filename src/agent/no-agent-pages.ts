import type { World } from "../lib/world.ts";
import type { AgentAnswers } from "./agent-api.ts";
import { wakeRouting, wakeWords } from "./voice-wake.ts";

interface Deps {
  readonly world: Pick<World, "now">;
  /** Where an agent's files would be kept. */
  readonly workspacePath: string;
  /** Where skills would be kept. */
  readonly skillsPath: string;
  /** The agent that a call is about. @throws RequestError for one that is not here */
  readonly named: (agentId: string | undefined, sessionKey?: string | undefined) => string;
}

const NO_AGENT = "no agent is configured on this gateway";

/**
 * What pages and apps of OpenClaw ask when they load, so that they show an empty list and not an error:
 * what an agent would read, know and work with.
 */
export function pageAnswers(deps: Deps) {
  return { ...toolsAndSkills(deps), ...memory(deps), ...devices } satisfies Partial<AgentAnswers>;
}

/** The GitHub account of a machine without one. */
const noGitHub = {
  source: "system-detected",
  credentialKind: "native",
  credentialState: "unavailable",
  account: null,
  gitAuthor: { name: null, email: null },
  evidence: "none",
  accessExpiresAtMs: null,
  refreshState: "not_applicable",
  oauthScopes: [],
  repositoryGrants: "unknown",
} as const;

function toolsAndSkills({ workspacePath, skillsPath, named }: Deps) {
  return {
    "agents.files.list": ({ agentId }) => ({
      agentId: named(agentId),
      workspace: workspacePath,
      files: [],
    }),
    "skills.status": ({ agentId, sessionKey }) => ({
      agentId: named(agentId, sessionKey),
      workspaceDir: workspacePath,
      managedSkillsDir: skillsPath,
      skills: [],
    }),
    "skills.search": () => ({ results: [] }),
    "skills.library.list": () => ({
      entries: [],
      profileId: null,
      multipleProfiles: false,
      defaultTarget: "workspace",
      canManageWorkspace: false,
      defaultSelectionLimit: 0,
    }),
    "skills.proposals.list": () => ({
      schema: "openclaw.skill-workshop.proposals-manifest.v1",
      updatedAt: new Date(0).toISOString(),
      proposals: [],
      installedSkills: [],
    }),
    "tools.catalog": ({ agentId }) => ({ agentId: named(agentId), profiles: [], groups: [] }),
    "tools.effective": ({ agentId, sessionKey }) => ({
      agentId: named(agentId, sessionKey),
      profile: "minimal",
      groups: [],
    }),
    "tools.github.status": ({ agentId, selectedScope }) => ({
      agentId: named(agentId),
      selectedScope,
      selected: { scope: selectedScope, configured: false, identity: null },
      effective: noGitHub,
    }),
    "plugins.catalog.browse": () => ({ items: [] }),
    "webSearch.status": ({ agentId }) => ({
      enabled: false,
      provider: null,
      agentId: named(agentId),
      model: { provider: "", id: "", runtime: "unknown", runtimeLabel: "No agent" },
      providers: [],
      route: { kind: "unavailable", label: "No agent", testable: false, reason: NO_AGENT },
    }),
  } satisfies Partial<AgentAnswers>;
}

function memory({ world, named }: Deps) {
  return {
    "sessions.preview": ({ keys }) => ({
      ts: world.now(),
      previews: keys.map((key) => ({ key, status: "missing", items: [] })),
    }),
    "sessions.search": () => ({ results: [] }),
    "artifacts.list": () => ({ artifacts: [] }),
    "worktrees.list": () => ({ worktrees: [] }),
    "transcripts.list": () => ({ sessions: [], nextCursor: null }),
    "doctor.memory.status": ({ agentId }) => ({
      agentId: named(agentId),
      // Otherwise a page says that memory works, and offers to try.
      embedding: { ok: false, checked: true, error: NO_AGENT },
    }),
    "doctor.memory.dreamDiary": ({ agentId }) => ({
      agentId: named(agentId),
      found: false,
      path: "DREAMS.md",
    }),
  } satisfies Partial<AgentAnswers>;
}

/** How OpenClaw's page looks where no other theme was chosen; it brings this one itself. */
const theme = {
  id: "claw",
  name: "Claw",
  description: "The page's own colours.",
  source: "builtin",
  modes: ["light", "dark"],
};

const devices = {
  "voicewake.get": () => wakeWords,
  "voicewake.routing.get": () => wakeRouting,
  "talk.config": () => ({ config: {} }),
  "themes.list": () => ({
    current: { id: theme.id, mode: "system", scope: "gateway", overrides: {} },
    theme,
    themes: [],
  }),
} satisfies Partial<AgentAnswers>;
