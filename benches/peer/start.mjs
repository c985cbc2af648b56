// Bundles the peer, starts it in workerd as `xtask/local/runtime.mjs` starts Sightline, and signs in at it.

import { createHash, randomBytes } from "node:crypto";
import path from "node:path";
import { fileURLToPath } from "node:url";

import { build } from "esbuild";
import { Log, LogLevel, Miniflare, convertV4MiniflareOptions } from "miniflare";
import { unstable_getMiniflareWorkerOptions as workerOptionsOf } from "wrangler";

import { ROOT } from "../../xtask/local/runtime.mjs";

const REDIRECT = "http://localhost:1/callback";

/**
 * @typedef {object} Served what the peer lists and says
 * @property {any[]} tools
 * @property {string} instructions
 * @property {Record<string, {ttlMs: number, cacheScope: string}>} cacheHints
 * @property {{text: string, structuredContent: any}} whoami
 */

/**
 * Starts the peer.
 *
 * @param {Served} served
 * @param {number} requestsPerMinute what its rate limit allows each client
 * @param {"binding" | "memory"} limit what counts: the platform's binding, as an author has it, or the peer's own memory
 */
export async function startPeer(served, requestsPerMinute, limit) {
  const { compatibilityDate, compatibilityFlags } = workerOptionsOf(path.join(ROOT, "wrangler.toml")).workerOptions;
  const miniflare = new Miniflare(
    convertV4MiniflareOptions({
      host: "127.0.0.1",
      port: 0,
      cf: false,
      log: new Log(LogLevel.WARN),
      handleStructuredLogs: ({ message }) => console.error(message),
      workers: [
        {
          name: "peer",
          compatibilityDate,
          compatibilityFlags,
          modules: [{ type: "ESModule", path: "peer.mjs", contents: await bundled(served) }],
          kvNamespaces: ["OAUTH_KV"],
          bindings: { REQUESTS_PER_MINUTE: requestsPerMinute },
          ratelimits: limit === "binding" ? { LIMITER: { namespace_id: "1001", simple: { limit: requestsPerMinute, period: 60 } } } : {},
        },
      ],
    }),
  );
  return { url: await miniflare.ready, stop: () => miniflare.dispose() };
}

/**
 * The peer's one module, `served.json` in it. Nothing is written to disk.
 *
 * @param {Served} served
 */
async function bundled(served) {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL("worker.mjs", import.meta.url))],
    write: false,
    bundle: true,
    minify: true,
    format: "esm",
    target: "es2024",
    conditions: ["workerd", "worker", "browser"],
    external: ["cloudflare:*"],
    logLevel: "warning",
    plugins: [
      {
        name: "served",
        setup(plugin) {
          plugin.onResolve({ filter: /^served\.json$/ }, ({ path: name }) => ({ path: name, namespace: "served" }));
          plugin.onLoad({ filter: /.*/, namespace: "served" }, () => ({ contents: JSON.stringify(served), loader: "json" }));
        },
      },
    ],
  });
  return outputFiles[0].text;
}

/**
 * The access token of a new app at the peer, by its own endpoints: registration, consent (it agrees at once), token.
 *
 * @param {URL} origin
 * @returns {Promise<string>}
 */
export async function signIn(origin) {
  const { client_id } = await json(
    fetch(new URL("/register", origin), {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ client_name: "Bench", redirect_uris: [REDIRECT], token_endpoint_auth_method: "none" }),
    }),
  );
  const verifier = randomBytes(32).toString("base64url");
  const resource = new URL("/mcp", origin).href;
  const authorize = new URL("/authorize", origin);
  authorize.search = new URLSearchParams({
    response_type: "code",
    client_id,
    redirect_uri: REDIRECT,
    scope: "mcp:read",
    resource,
    code_challenge: createHash("sha256").update(verifier).digest("base64url"),
    code_challenge_method: "S256",
  }).toString();
  const { status, headers } = await fetch(authorize, { redirect: "manual" });
  const code = new URL(headers.get("location") ?? REDIRECT).searchParams.get("code");
  if (!code) throw new Error(`the peer's /authorize: HTTP ${status}`);
  const { access_token } = await json(
    fetch(new URL("/token", origin), {
      method: "POST",
      body: new URLSearchParams({ grant_type: "authorization_code", code, client_id, redirect_uri: REDIRECT, code_verifier: verifier, resource }),
    }),
  );
  return access_token;
}

/** @param {Promise<Response>} asked */
async function json(asked) {
  const response = await asked;
  const text = await response.text();
  if (!response.ok) throw new Error(`the peer's ${new URL(response.url).pathname}: HTTP ${response.status}: ${text}`);
  return JSON.parse(text);
}
