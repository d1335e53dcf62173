import type { Page } from "playwright-core";

export interface WebAppStage {
  /** An empty page of a browser that never was here. */
  readonly page: Page;
  /** Where the gateway serves the app, such as `http://127.0.0.1:18789`. */
  readonly origin: string;
  /** The shared secret. */
  readonly secret: string;
  /** What the owner on the host does. */
  readonly approve: (code: string) => Promise<unknown>;
  /** Name of a node that is paired and connected. */
  readonly nodeName: string;
  /** Id of a device that asked for approval. */
  readonly newcomerId: string;
  /** Resolves when that device is let in. */
  readonly newcomerIn: () => Promise<unknown>;
}

export interface WebAppStep {
  /** What the person does. */
  readonly name: string;
  /** What has to be seen. */
  readonly judged: string;
  /** Throws what was seen instead. */
  readonly run: (stage: WebAppStage) => Promise<unknown>;
}

export const STEP_MS: number;
/** Goes to the page of devices. */
export function openDevices(
  stage: Pick<WebAppStage, "page" | "origin">,
  path: string,
): Promise<void>;
/** Waits until the page shows `text`. */
export function seen(page: Page, text: string | RegExp): Promise<void>;

export const webAppSteps: readonly WebAppStep[];
