import { createNetwork } from "../channels/network.ts";
import type { Config } from "../core/config.ts";
import type { SendHttp } from "../ports/alert-route.ts";

/** Requests of alert routes, through the same way out as the channels take. @throws RollcallError `config-invalid` */
export function createSendHttp({ proxy, ipFamily }: Pick<Config["gateway"], "proxy" | "ipFamily">): SendHttp {
  const network = createNetwork({ ipFamily, ...(proxy !== undefined && { proxy }) });
  return async (url, request) => {
    const answer = await network.request(url, request);
    // Nobody reads what it says, and an answer that isn't read keeps its connection.
    answer.resume();
    answer.on("error", () => answer.destroy());
    return answer.statusCode ?? 0;
  };
}
