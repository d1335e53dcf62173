export interface EnableOptions {
  readonly account?: string;
  readonly host?: string;
  readonly port?: string;
  readonly authorizedKeys?: boolean;
  readonly dryRun?: boolean;
  readonly yes?: boolean;
}
