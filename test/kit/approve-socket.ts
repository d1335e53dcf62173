import { connect } from "node:net";
import type { Frame } from "./client.ts";
import type { TestGateway } from "./gateway.ts";

/** What the approve socket answers, as `answer.sh` would ask. */
export function askApprover(gateway: TestGateway, frame: object): Promise<Frame> {
  return new Promise((resolve, reject) => {
    const socket = connect(gateway.core.approveSocket);
    let said = "";
    socket.setEncoding("utf8").on("error", reject);
    socket.on("data", (part) => {
      said += part;
      if (!said.includes("\n")) return;
      socket.destroy();
      resolve(JSON.parse(said));
    });
    socket.write(`${JSON.stringify({ type: "req", id: "1", ...frame })}\n`);
  });
}
