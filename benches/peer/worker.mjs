// The peer of `protocol.mjs`: what an author builds for Cloudflare from the official TypeScript SDK and Cloudflare's OAuth provider.
//
// A server and a transport per request, as the SDK's handler makes them. The tools are given as JSON Schema, so the low-level
// `Server` lists them as they stand; it checks no arguments and no results. Only `whoami` can be called.

import { OAuthProvider } from "@cloudflare/workers-oauth-provider";
import { ProtocolError, ProtocolErrorCode, Server, createMcpHandler } from "@modelcontextprotocol/server";

// What Sightline lists and says, put in by the bundler.
import served from "served.json";

/**
 * @typedef {object} Props what a grant holds, encrypted with its token
 * @property {string} text
 * @property {Record<string, any>} structuredContent
 */

/** The platform's limit without its local stand-in, which writes each request to disk: the platform counts in memory, and so does this. */
class LimitInMemory {
  #minute = 0;
  /** @type {Map<string, number>} */
  #counts = new Map();

  /** @param {number} requestsPerMinute */
  constructor(requestsPerMinute) {
    this.requestsPerMinute = requestsPerMinute;
  }

  /** @param {{key: string}} of */
  async limit({ key }) {
    const minute = Math.floor(Date.now() / 60_000);
    if (minute !== this.#minute) this.#counts.clear();
    this.#minute = minute;
    const count = (this.#counts.get(key) ?? 0) + 1;
    this.#counts.set(key, count);
    return { success: count <= this.requestsPerMinute };
  }
}

/** @type {LimitInMemory | undefined} */
let inMemory;

const handler = createMcpHandler(({ authInfo }) => serverFor(/** @type {any} */ (authInfo?.extra)));

/** @param {Props} props */
function serverFor(props) {
  const server = new Server(
    { name: "peer", version: "1.0.0" },
    { capabilities: { tools: {} }, instructions: served.instructions, cacheHints: served.cacheHints },
  );
  server.setRequestHandler("tools/list", () => ({ tools: served.tools }));
  server.setRequestHandler("tools/call", ({ params }) => {
    if (params.name !== "whoami") throw new ProtocolError(ProtocolErrorCode.InvalidParams, `Unknown tool: ${params.name}`);
    return { content: [{ type: "text", text: props.text }], structuredContent: props.structuredContent };
  });
  return server;
}

/** `/mcp`: reached with a valid token only, its grant's props in the context. */
const apiHandler = {
  /**
   * @param {Request} request
   * @param {any} env
   * @param {any} context
   */
  async fetch(request, env, { auth, props }) {
    const limiter = env.LIMITER ?? (inMemory ??= new LimitInMemory(env.REQUESTS_PER_MINUTE));
    const { success } = await limiter.limit({ key: auth.clientId });
    if (!success) return new Response("Too many requests", { status: 429, headers: { "retry-after": "60" } });
    return handler.fetch(request, {
      authInfo: { token: auth.token, clientId: auth.clientId, scopes: auth.scope, expiresAt: auth.expiresAt, extra: props },
    });
  },
};

/** `/authorize`: everyone is the same person, and agrees. */
const defaultHandler = {
  /**
   * @param {Request} request
   * @param {any} env
   */
  async fetch(request, { OAUTH_PROVIDER }) {
    if (new URL(request.url).pathname !== "/authorize") return new Response("Not found", { status: 404 });
    const asked = await OAUTH_PROVIDER.parseAuthRequest(request);
    const { redirectTo } = await OAUTH_PROVIDER.completeAuthorization({
      request: asked,
      userId: "person",
      metadata: {},
      scope: asked.scope,
      props: served.whoami,
    });
    return Response.redirect(redirectTo, 302);
  },
};

/** @type {OAuthProvider | undefined} */
let provider;

/** Made with the first request, since only that tells the port that stands in tokens and metadata. @param {string} origin */
function providerAt(origin) {
  return new OAuthProvider({
    apiRoute: "/mcp",
    apiHandler,
    defaultHandler,
    authorizeEndpoint: "/authorize",
    tokenEndpoint: "/token",
    clientRegistrationEndpoint: "/register",
    scopesSupported: ["mcp:read"],
    requiredScopes: ["mcp:read"],
    resourceMetadata: { resource: `${origin}/mcp`, authorization_servers: [origin] },
  });
}

export default {
  /**
   * @param {Request} request
   * @param {any} env
   * @param {any} context
   */
  fetch(request, env, context) {
    provider ??= providerAt(new URL(request.url).origin);
    return provider.fetch(request, env, context);
  },
};
