/** The folder `dist/control-ui` of npm's `openclaw`. */
export function webAppFiles(): Promise<string>;
