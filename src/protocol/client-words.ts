/** What the programs that connect are, in a person's words, by the id they name themselves with. */
export const clientWords: Readonly<Record<string, string>> = {
  "openclaw-control-ui": "browser",
  "openclaw-browser-copilot": "browser",
  "webchat-ui": "browser",
  webchat: "browser",
  "openclaw-tui": "terminal app",
  cli: "command line",
  "gateway-client": "program",
  "openclaw-macos": "Mac app",
  "openclaw-linux": "Linux app",
  "openclaw-ios": "iOS app",
  "openclaw-watchos": "watch app",
  "openclaw-android": "Android app",
  "node-host": "node",
};
