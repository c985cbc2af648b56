// A loopback proxy that adds a token: the conformance suite cannot send one.
//
// Everything else passes as it came, `Host` and `Origin` above all, because the suite tests what is made of them. A request that
// brings its own credential keeps it.

import http from "node:http";

/**
 * @param {URL} target
 * @param {string} token
 * @returns {Promise<{port: number, stop: () => Promise<void>}>}
 */
export async function tokenProxy(target, token) {
  const server = http.createServer((request, response) => {
    const headers = { authorization: `Bearer ${token}`, ...request.headers };
    const options = { host: target.hostname, port: target.port, method: request.method, path: request.url, headers };
    const upstream = http.request({ ...options, setHost: false }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    upstream.on("error", () => response.destroy());
    response.on("close", () => upstream.destroy());
    request.pipe(upstream);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(undefined)));
  const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
  const stop = () =>
    new Promise((resolve) => {
      server.close(() => resolve(undefined));
      server.closeAllConnections();
    });
  return { port, stop: /** @type {() => Promise<void>} */ (stop) };
}
