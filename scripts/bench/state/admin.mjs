// The admin socket as a command line uses it, with any number of requests under way.
import { connect } from "node:net";
import { Broken } from "../processes.mjs";

export class Admin {
  #serial = 0;
  #rest = "";
  /** @type {Map<string, { resolve: (payload: any) => void, reject: (error: Error) => void }>} */
  #waiting = new Map();

  /** @param {import("node:net").Socket} socket */
  constructor(socket) {
    this.socket = socket;
    socket.setEncoding("utf8");
    socket.on("data", (chunk) => this.#data(String(chunk)));
    socket.on("close", () => {
      for (const { reject } of this.#waiting.values())
        reject(new Broken("the admin socket closed"));
    });
  }

  /** @param {string} path @returns {Promise<Admin>} */
  static open(path) {
    return new Promise((resolve, reject) => {
      const socket = connect(path);
      socket.once("error", reject);
      socket.once("connect", () => resolve(new Admin(socket)));
    });
  }

  /** @param {string} method @param {object} [params] @returns {Promise<any>} */
  ask(method, params = {}) {
    this.#serial += 1;
    const id = String(this.#serial);
    this.socket.write(`${JSON.stringify({ type: "req", id, method, params })}\n`);
    return new Promise((resolve, reject) => this.#waiting.set(id, { resolve, reject }));
  }

  close() {
    this.socket.destroy();
  }

  #data(/** @type {string} */ chunk) {
    const lines = (this.#rest + chunk).split("\n");
    this.#rest = lines.pop() ?? "";
    for (const line of lines) {
      const { id, ok, payload, error } = JSON.parse(line);
      const waiting = this.#waiting.get(id);
      this.#waiting.delete(id);
      if (ok) waiting?.resolve(payload);
      else waiting?.reject(new Broken(error.message));
    }
  }
}
