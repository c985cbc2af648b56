// A server in ClickHouse's place that fails in the ways servers fail: it knows two tables, answers every question with one row, and
// does what a test tells it with the next ones.

import { createServer } from "node:http";

/** Two tables, as `system.columns` tells of them. */
const COLUMNS = [
  ["events", "project_id", "String"],
  ["events", "timestamp", "DateTime64(3, 'UTC')"],
  ["events", "name", "Nullable(String)"],
  ["sessions", "project_id", "String"],
  ["sessions", "started_at", "DateTime64(3, 'UTC')"],
];

/** @typedef {(request: import("node:http").IncomingMessage, response: import("node:http").ServerResponse) => void} Behaviour */

/** @type {Behaviour} */
export const answers = (_, response) => response.end(lines(["n"], ["UInt64"], [1]));

/**
 * An exception, as the server answers with it before the first row.
 *
 * @param {number} status
 * @param {number} code
 * @param {string} message
 * @returns {Behaviour}
 */
export function excepts(status, code, message) {
  return (_, response) => {
    response.writeHead(status, { "X-ClickHouse-Exception-Code": String(code) });
    response.end(`Code: ${code}. DB::Exception: ${message} (version 26.9.2.1)\n`);
  };
}

/** @param {any[][]} rows */
export function lines(...rows) {
  return rows.map((row) => `${JSON.stringify(row)}\n`).join("");
}

/**
 * @typedef {object} ClickHouse
 * @property {string} url
 * @property {(next: Behaviour) => void} now what it does from now on
 * @property {() => number} questions how many it was asked since, its columns aside
 * @property {() => number} left of these, how many were left before their answer's end
 * @property {() => Promise<void>} stop
 */

/** @returns {Promise<ClickHouse>} */
export async function startServer() {
  let behaviour = answers;
  let questions = 0;
  let left = 0;
  const server = createServer((request, response) => {
    let body = "";
    request.setEncoding("utf8");
    request.on("data", (chunk) => (body += chunk));
    request.on("end", () => {
      if (body.includes("system.columns")) {
        response.end(lines(["table", "name", "type"], ["String", "String", "String"], ...COLUMNS));
        return;
      }
      questions += 1;
      response.on("close", () => (left += response.writableFinished ? 0 : 1));
      behaviour(request, response);
    });
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(undefined)));
  const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
  return {
    url: `http://127.0.0.1:${port}`,
    now(next) {
      behaviour = next;
      questions = 0;
      left = 0;
    },
    questions: () => questions,
    left: () => left,
    stop: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve(undefined));
      }),
  };
}
