// node answers.mjs URL ADDRESS SOCKET [PIN]: whether the gateway that listens on SOCKET is what answers
// URL at ADDRESS, with the certificate of that SHA-256 where one is named. Says why not, and exits with 1.
import http from "node:http";
import https from "node:https";

const [, , text = "", address = "", socketPath = "", pin = ""] = process.argv;
const url = new URL(text.replace(/^ws/, "http"));
const headers = { host: url.host };

/** @param {http.RequestOptions & https.RequestOptions} options */
function ask(options) {
  const { request } = options.protocol === "https:" ? https : http;
  return new Promise((resolve, reject) => {
    const asked = request(
      { ...options, path: "/gateway.json", headers, agent: false, timeout: 10_000 },
      (answer) => {
        const found = answer.socket.getPeerCertificate?.().fingerprint256 ?? "";
        let body = "";
        answer.setEncoding("utf8").on("data", (part) => {
          body += part;
        });
        answer.once("end", () => resolve({ status: answer.statusCode, body, found }));
      },
    );
    asked.once("timeout", () => asked.destroy(new Error("no answer within 10 s")));
    asked.once("error", reject).end();
  });
}

async function whyNot() {
  const own = await ask({ protocol: "http:", socketPath });
  const there = await ask({
    protocol: url.protocol,
    host: address,
    port: url.port || (url.protocol === "https:" ? 443 : 80),
    servername: /[a-z]/i.test(url.hostname) && !url.hostname.includes(":") ? url.hostname : "",
    rejectUnauthorized: false,
  });
  if (pin && there.found.replaceAll(":", "").toLowerCase() !== pin) {
    return "another certificate is shown there";
  }
  if (there.status === 502) return "nginx answers 502: it cannot reach the gateway's socket";
  return there.body === own.body ? "" : `something else answers there, with status ${there.status}`;
}

const why = await whyNot().catch((error) => String(error.message));
if (why) {
  console.error(`${url.origin} at ${address}: ${why}`);
  process.exitCode = 1;
}
