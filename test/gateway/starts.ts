import { afterEach } from "vitest";
import { startTestGateway, type TestGateway, type TestGatewayOptions } from "../kit/gateway.ts";

/** Starts gateways; those of a test are closed after it. To be called once in a file. */
export function starts(): (options?: TestGatewayOptions) => Promise<TestGateway> {
  let open: TestGateway[] = [];
  afterEach(async () => {
    for (const gateway of open) await gateway.close();
    open = [];
  });
  return async (options = {}) => {
    const gateway = await startTestGateway(options);
    open.push(gateway);
    return gateway;
  };
}
