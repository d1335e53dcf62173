import { dirname, join } from "node:path";
import { builtProgram } from "../../kit/build.ts";
import { startTestGateway, type TestGateway } from "../../kit/gateway.ts";

/** A gateway in this process that serves the built page. */
export async function nearGateway(): Promise<TestGateway> {
  return startTestGateway({ pageFolder: join(dirname(await builtProgram()), "dashboard") });
}
