// @ts-check
// How the built gateway is started, and one run of it.
import { Program } from "./program.mjs";

/**
 * Arguments of node for `gateway run`.
 * @param {object} what
 * @param {string} what.program              path of the built index.js
 * @param {number} what.port
 * @param {readonly string[]} [what.nodeArgs]  for node itself
 * @param {readonly string[]} [what.args]      added at the end
 */
export function gatewayArgs({ program, port, nodeArgs = [], args = [] }) {
  return [...nodeArgs, program, "gateway", "run", "--port", String(port), ...args];
}

/**
 * A line of the gateway's log.
 * @typedef {{ readonly level: number, readonly msg: string, readonly [fact: string]: unknown }} LogRecord
 */

/** One run of the built gateway as a process, with its log read. */
export class GatewayRun extends Program {
  /** @type {LogRecord[]} */
  log = [];
  #rest = "";

  /** @override @param {"stdout" | "stderr"} stream @param {string} text */
  printed(stream, text) {
    if (stream === "stdout") {
      const lines = (this.#rest + text).split("\n");
      this.#rest = lines.pop() ?? "";
      for (const line of lines) if (line.startsWith("{")) this.log.push(JSON.parse(line));
    }
    super.printed(stream, text);
  }

  /**
   * The log line with this message; the `nth` of them, counted from 1.
   * @param {string} message
   * @returns {Promise<LogRecord>}
   */
  logged(message, nth = 1) {
    return this.when(
      () => this.log.filter(({ msg }) => msg === message)[nth - 1],
      `the log line “${message}”`,
    );
  }

  /** Resolves once it is ready for connections. */
  ready() {
    return this.logged("gateway ready");
  }
}
