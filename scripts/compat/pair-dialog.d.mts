import type { WebAppStage, WebAppStep } from "./web-app.d.mts";

export interface PairDialogStage extends Pick<WebAppStage, "page" | "origin"> {
  /** Sets the address under which others reach the gateway, or takes it away. */
  readonly publish: (url: string | undefined) => Promise<unknown>;
  /** A phone that never was here uses a setup code; resolves with the roles that it has then. */
  readonly phone: (setupCode: string) => Promise<readonly string[]>;
}

export interface PairDialogStep extends Pick<WebAppStep, "name" | "judged"> {
  /** Throws what was seen instead. */
  readonly run: (stage: PairDialogStage) => Promise<unknown>;
}

export const pairDialogSteps: readonly PairDialogStep[];
