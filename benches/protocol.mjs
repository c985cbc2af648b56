// Requests per second of `/mcp` and how long one takes, beside a peer's (`peer/`): `node protocol.mjs`. Prints JSON.
//
// Both are Workers in workerd, ask for a credential with each request and have their rate limit on; both list the same tools. What differs:
// Sightline asks D1 who its client is each time, counts exactly, in a Durable Object, and logs a line; the peer reads its token
// from KV and counts with the platform's approximate limit.
//
// D1, KV and that limit are miniflare's stand-ins here, and take most of the time. The limit's is far from the platform's: it writes
// each request to disk, where the platform counts in memory. So the peer is measured a second time with a limit that does (`peerInMemory`).

import { Agent, request as httpRequest } from "node:http";

import { saveProjects } from "../xtask/local/accounts.mjs";
import { migrate } from "../xtask/local/migrations.mjs";
import { startWorker } from "../xtask/local/runtime.mjs";
import { MODERN, Mcp } from "../tests/support/mcp.mjs";
import { newToken } from "../tests/support/tenants.mjs";
import { signIn, startPeer } from "./peer/start.mjs";

/** Requests under way at a time. Each has a connection and a client of its own, so that no client's limit is reached. */
const CONCURRENCY = 8;
const WARM_UP_MS = 2_000;
const MEASURED_MS = 6_000;
const ROUNDS = 2;

/** The most that Sightline allows a client. */
const REQUESTS_PER_MINUTE = 60_000;

const PROJECT = { id: "bench", name: "Bench", organization: { id: "org_bench", name: "Bench" } };

/** @type {[string, string, Record<string, any>?][]} name, method, parameters */
const METHODS = [
  ["server/discover", "server/discover"],
  ["tools/list", "tools/list"],
  ["tools/call whoami", "tools/call", { name: "whoami", arguments: {} }],
];

/**
 * @typedef {object} Server
 * @property {string} name
 * @property {Mcp[]} clients
 *
 * @typedef {object} Load what was asked of one server for one method
 * @property {string} expected the body that was checked in full
 * @property {number[]} ms how long each request took
 * @property {number} elapsedMs
 */

/** @type {{stop: () => Promise<void>}[]} */
const running = [];
try {
  console.log(JSON.stringify(await measure(await servers())));
} finally {
  for (const worker of running) await worker.stop();
}

/** Sightline and the peer, twice: `peerInMemory` is the same peer with a limit that counts in its memory. */
async function servers() {
  const sightline = await startWorker({ log: () => {} });
  running.push(sightline);
  await migrate(sightline.db);
  await saveProjects(sightline.db, [PROJECT]);
  const ours = { name: "ours", clients: await clientsOf(sightline.url, () => ourToken(sightline.db)) };
  await refusesStrangers(ours.clients[0]);
  const served = await servedBy(ours.clients[0]);

  /** @type {Server[]} */
  const all = [ours];
  for (const [name, limit] of /** @type {const} */ ([["peer", "binding"], ["peerInMemory", "memory"]])) {
    const peer = await startPeer(served, REQUESTS_PER_MINUTE, limit);
    running.push(peer);
    const clients = await clientsOf(peer.url, () => signIn(peer.url));
    await refusesStrangers(clients[0]);
    await same(ours.clients[0], clients[0]);
    all.push({ name, clients });
  }
  return all;
}

/** @param {any} db */
function ourToken(db) {
  const client = { kind: /** @type {const} */ ("read"), organizationId: PROJECT.organization.id, projectId: PROJECT.id };
  return newToken(db, client, { requestsPerMinute: REQUESTS_PER_MINUTE });
}

/**
 * @param {URL} origin
 * @param {() => Promise<string>} token
 */
async function clientsOf(origin, token) {
  const clients = [];
  for (let made = 0; made < CONCURRENCY; made += 1) clients.push(new Mcp(new URL("/mcp", origin), await token(), MODERN));
  return clients;
}

/**
 * What the peer is to list and say: the same as Sightline. Its `whoami` repeats one answer; how many requests are left in it
 * stands still, since the platform's limit does not tell.
 *
 * @param {Mcp} mcp
 * @returns {Promise<import("./peer/start.mjs").Served>}
 */
async function servedBy(mcp) {
  const discovered = await mcp.request("server/discover");
  const listed = await mcp.request("tools/list");
  const { content, structuredContent } = await mcp.request("tools/call", { name: "whoami", arguments: {} });
  const hint = (/** @type {any} */ { ttlMs, cacheScope }) => ({ ttlMs, cacheScope });
  return {
    tools: listed.tools,
    instructions: discovered.instructions,
    cacheHints: { "server/discover": hint(discovered), "tools/list": hint(listed) },
    whoami: { text: content[0].text, structuredContent },
  };
}

/**
 * Throws unless both say the same, in full: the tools, the instructions, who is asking (but for which of the clients).
 *
 * @param {Mcp} ours
 * @param {Mcp} theirs
 */
async function same(ours, theirs) {
  for (const [name, method, params] of METHODS) {
    const [one, other] = await Promise.all([ours, theirs].map((mcp) => mcp.request(method, params)));
    const told = (/** @type {any} */ { tools, instructions, content, structuredContent }) =>
      JSON.stringify({ tools, instructions, content, structuredContent }).replaceAll(/(requestsLeftThisMinute\W+)[\d,]+/g, "$1");
    if (told(one) !== told(other)) throw new Error(`${name}: the peer answers otherwise`);
  }
}

/**
 * Throws unless a request without a token is refused: authentication is on.
 *
 * @param {Mcp} mcp
 */
async function refusesStrangers(mcp) {
  const { status } = await new Mcp(mcp.endpoint, undefined, MODERN).exchange("tools/list");
  if (status !== 401) throw new Error(`${mcp.endpoint}: HTTP ${status} without a token`);
}

/** @param {Server[]} servers */
async function measure(servers) {
  /** @type {Record<string, any>[]} */
  const figures = [];
  for (const [name, method, params] of METHODS) {
    /** @type {Record<string, Load>} */
    const loads = {};
    for (const server of servers) {
      loads[server.name] = { expected: await checked(server.clients[0], method, params), ms: [], elapsedMs: 0 };
    }
    for (let round = 0; round < ROUNDS; round += 1) {
      for (const server of servers) {
        console.error(`▸ protocol: ${name}, ${server.name}`);
        await load(server, method, params, WARM_UP_MS, { ...loads[server.name], ms: [] });
        await load(server, method, params, MEASURED_MS, loads[server.name]);
      }
    }
    figures.push({ method: name, ...Object.fromEntries(servers.map((server) => [server.name, figuresOf(loads[server.name])])) });
  }
  return figures;
}

/**
 * A body that is a proper answer, as the clients below get it but for what changes each time.
 *
 * @param {Mcp} mcp
 * @param {string} method
 * @param {Record<string, any>} [params]
 */
async function checked(mcp, method, params) {
  const message = { ...mcp.message(method, params), id: 1 };
  const { status, text } = await mcp.send(JSON.stringify(message), mcp.headers(message));
  if (status !== 200 || !isProper(text, method)) throw new Error(`${method}: HTTP ${status}: ${text.slice(0, 500)}`);
  return text;
}

/**
 * @param {string} text
 * @param {string} method
 */
function isProper(text, method) {
  const { id, result } = JSON.parse(text);
  if (id !== 1 || result?.resultType !== "complete") return false;
  if (method === "server/discover") return result.supportedVersions.includes(MODERN) && result.instructions.length > 0;
  if (method === "tools/list") return result.tools.length > 1;
  return !result.isError && result.content[0].text.length > 0 && result.structuredContent.kind === "apiClient";
}

/**
 * Keeps as many requests under way as there are clients, for a while. A failure of any is thrown.
 *
 * @param {Server} server
 * @param {string} method
 * @param {Record<string, any> | undefined} params
 * @param {number} forMs
 * @param {Load} into
 */
async function load(server, method, params, forMs, into) {
  const agent = new Agent({ keepAlive: true, maxSockets: CONCURRENCY });
  const started = performance.now();
  const ends = started + forMs;
  const loops = server.clients.map(async (mcp) => {
    const send = sender(mcp, { ...mcp.message(method, params), id: 1 }, agent);
    while (performance.now() < ends) {
      const asked = performance.now();
      const { status, text } = await send();
      into.ms.push(performance.now() - asked);
      // A body like the one checked in full is proper; any other is looked at.
      if (status !== 200 || (text !== into.expected && !isProper(text, method))) {
        throw new Error(`${server.name}: ${method}: HTTP ${status}: ${text.slice(0, 500)}`);
      }
    }
  });
  try {
    await Promise.all(loops);
  } finally {
    agent.destroy();
  }
  into.elapsedMs += performance.now() - started;
}

/**
 * Sends the same message each time it is called.
 *
 * @param {Mcp} mcp
 * @param {any} message
 * @param {Agent} agent
 * @returns {() => Promise<{status: number | undefined, text: string}>}
 */
function sender(mcp, message, agent) {
  const body = Buffer.from(JSON.stringify(message));
  const headers = { ...mcp.headers(message), "content-length": body.length };
  return () =>
    new Promise((resolve, reject) => {
      const request = httpRequest(mcp.endpoint, { method: "POST", agent, headers }, (response) => {
        /** @type {Buffer[]} */
        const chunks = [];
        response.on("data", (chunk) => chunks.push(chunk));
        response.on("end", () => resolve({ status: response.statusCode, text: Buffer.concat(chunks).toString() }));
        response.on("error", reject);
      });
      request.on("error", reject);
      request.end(body);
    });
}

/** @param {Load} load */
function figuresOf({ expected, ms, elapsedMs }) {
  const sorted = ms.toSorted((one, other) => one - other);
  const at = (/** @type {number} */ share) => round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))], 2);
  return {
    perSecond: round((sorted.length * 1000) / elapsedMs, 1),
    p50Ms: at(0.5),
    p99Ms: at(0.99),
    responseBytes: Buffer.byteLength(expected),
  };
}

/**
 * @param {number} value
 * @param {number} digits
 */
function round(value, digits) {
  return Number(value.toFixed(digits));
}
