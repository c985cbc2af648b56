// The documents by which clients find their way, and the challenges that lead to them: whole, as they go over the wire.

import assert from "node:assert/strict";
import http from "node:http";
import { before, describe, it } from "node:test";

import { LEGACY, MODERN, Mcp } from "./support/mcp.mjs";
import { whole } from "./support/wire.mjs";
import { shipped } from "./support/worker.mjs";

const OPEN = {
  "access-control-allow-headers": "Authorization, Content-Type, MCP-Protocol-Version",
  "access-control-allow-methods": "GET, HEAD, OPTIONS",
  "access-control-allow-origin": "*",
  "access-control-expose-headers": "WWW-Authenticate, Retry-After",
  "access-control-max-age": "7200",
  allow: "GET, HEAD, OPTIONS",
  "cache-control": "public, max-age=300",
  "content-type": "application/json",
};
const METHODS = ["none", "client_secret_basic", "client_secret_post", "private_key_jwt"];
const ALGORITHMS = ["ES256", "EdDSA"];

describe("the authorization server's documents", () => {
  /** @type {import("./support/worker.mjs").Server} */
  let server;
  /** @type {string} */
  let origin;
  before(async () => {
    server = await shipped();
    origin = server.url.origin;
  });

  const get = async (/** @type {string} */ path, /** @type {RequestInit} */ init = {}) => whole(await fetch(`${origin}${path}`, init));

  describe("of the resource (RFC 9728)", () => {
    const paths = ["/.well-known/oauth-protected-resource", "/.well-known/oauth-protected-resource/mcp"];
    for (const path of paths) {
      it(`§2, §3.1: is at ${path}, whole`, async () => {
        assert.deepEqual(await get(path), {
          status: 200,
          headers: OPEN,
          body: {
            resource: `${origin}/mcp`,
            authorization_servers: [origin],
            scopes_supported: ["mcp:analytics:read"],
            bearer_methods_supported: ["header"],
            resource_name: "Sightline",
            resource_documentation: `${origin}/`,
          },
        });
      });
    }

    it("§3.3: is the same byte for byte, whatever the query of the request or of `/mcp`", async () => {
      const texts = await Promise.all([...paths, `${paths[1]}?tools=query`].map(async (path) => (await fetch(`${origin}${path}`)).text()));
      assert.equal(new Set(texts).size, 1);
      const plain = await new Mcp(server.endpoint).exchange("ping");
      const asked = await new Mcp(`${server.endpoint}?tools=query&project=shop`).exchange("ping");
      assert.equal(asked.headers.get("www-authenticate"), plain.headers.get("www-authenticate"));
    });
  });

  describe("of the authorization server (RFC 8414)", () => {
    for (const path of [
      "/.well-known/oauth-authorization-server",
      "/.well-known/oauth-authorization-server/mcp",
      "/.well-known/openid-configuration",
      "/.well-known/openid-configuration/mcp",
      "/mcp/.well-known/openid-configuration",
    ]) {
      it(`§2, §3: is at ${path}, whole, under one issuer`, async () => {
        assert.deepEqual(await get(path), {
          status: 200,
          headers: OPEN,
          body: {
            issuer: origin,
            authorization_endpoint: `${origin}/authorize`,
            token_endpoint: `${origin}/token`,
            registration_endpoint: `${origin}/register`,
            revocation_endpoint: `${origin}/revoke`,
            jwks_uri: `${origin}/.well-known/jwks.json`,
            scopes_supported: ["analytics", "query", "schema", "events", "sessions", "persons", "insights"].map((name) => `mcp:${name}:read`),
            response_types_supported: ["code"],
            response_modes_supported: ["query"],
            grant_types_supported: ["authorization_code", "refresh_token"],
            code_challenge_methods_supported: ["S256"],
            token_endpoint_auth_methods_supported: METHODS,
            token_endpoint_auth_signing_alg_values_supported: ALGORITHMS,
            revocation_endpoint_auth_methods_supported: METHODS,
            revocation_endpoint_auth_signing_alg_values_supported: ALGORITHMS,
            authorization_response_iss_parameter_supported: true,
            client_id_metadata_document_supported: true,
            protected_resources: [`${origin}/mcp`],
            service_documentation: `${origin}/`,
          },
        });
      });
    }

    it("RFC 7517 §5: the keys are public halves, each with its id, use and algorithm", async () => {
      const { status, headers, body } = await get("/.well-known/jwks.json");
      assert.deepEqual([status, headers], [200, OPEN]);
      assert.ok(body.keys.length >= 1);
      for (const { x, y, kid, ...rest } of body.keys) {
        assert.deepEqual(rest, { kty: "EC", crv: "P-256", use: "sig", alg: "ES256" });
        for (const text of [x, y, kid]) assert.match(text, /^[A-Za-z0-9_-]{43}$/);
      }
    });

    it("HEAD is GET without the body, and other methods are refused with those that are allowed", async () => {
      for (const path of ["/.well-known/oauth-authorization-server", "/.well-known/oauth-protected-resource/mcp", "/.well-known/jwks.json"]) {
        const head = await get(path, { method: "HEAD" });
        assert.deepEqual([head.status, head.headers], [200, OPEN]);
        for (const method of ["POST", "PUT", "DELETE"]) {
          const { status, headers } = await get(path, { method });
          assert.deepEqual([status, headers.allow], [405, "GET, HEAD, OPTIONS"]);
        }
      }
      for (const path of ["/register", "/token", "/revoke"]) {
        for (const method of ["GET", "PUT", "DELETE"]) {
          const { status, headers } = await get(path, { method });
          assert.deepEqual([status, headers.allow], [405, "POST, OPTIONS"]);
        }
      }
    });
  });

  describe("the challenge (RFC 6750 §3, RFC 9728 §5.1)", () => {
    const where = () => `resource_metadata="${origin}/.well-known/oauth-protected-resource/mcp", scope="mcp:analytics:read"`;
    const methods = /** @type {const} */ ([[LEGACY, "initialize"], [LEGACY, "tools/list"], [MODERN, "server/discover"], [MODERN, "tools/list"]]);

    it("without a credential says where to go and that nothing was wrong", async () => {
      for (const [revision, method] of methods) {
        const { status, headers } = await new Mcp(server.endpoint, undefined, revision).exchange(method, {});
        assert.deepEqual([status, headers.get("www-authenticate")], [401, `Bearer ${where()}`], method);
        assert.equal(headers.get("cache-control"), "no-store");
      }
    });

    it("with a credential that is none says `invalid_token`, alike for every flaw", async () => {
      const tokens = ["x", "a.b.c", Buffer.from("nobody:nothing").toString("base64"), `${"a".repeat(5000)}`];
      const challenges = await Promise.all(
        tokens.flatMap((token) => methods.map(([revision, method]) => new Mcp(server.endpoint, token, revision).exchange(method, {}))),
      );
      for (const { status, headers } of challenges) {
        assert.equal(status, 401);
        const description = "The token is not valid here. Sign in again, or use another API client.";
        assert.equal(headers.get("www-authenticate"), `Bearer error="invalid_token", error_description="${description}", ${where()}`);
      }
    });
  });

  describe("another name for this machine", () => {
    const as = (/** @type {string} */ host, /** @type {string} */ path) =>
      new Promise((resolve, reject) => {
        const { hostname, port } = server.url;
        const request = http.get({ hostname, port, path, headers: { host }, setHost: false }, (answer) => {
          let text = "";
          answer.setEncoding("utf8").on("data", (chunk) => (text += chunk)).on("end", () => resolve({ status: answer.statusCode, text }));
        });
        request.on("error", reject);
      });

    it("given by a page that points its own name here (DNS rebinding) gets no document, and no page with that name in it", async () => {
      for (const host of ["evil.example", "localhost.evil.example", "127.0.0.1.evil.example"]) {
        for (const path of ["/.well-known/oauth-authorization-server", "/.well-known/oauth-protected-resource", "/"]) {
          const { status, text } = /** @type {any} */ (await as(host, path));
          if (path !== "/") assert.ok(status >= 400, `${host}${path}: ${status}`);
          assert.ok(!text.includes(host), text);
        }
      }
    });

    it("that is loopback has its own issuer, and no document names another", async () => {
      const { text } = /** @type {any} */ (await as(`localhost:${server.url.port}`, "/.well-known/oauth-authorization-server"));
      const document = JSON.parse(text);
      assert.equal(document.issuer, `http://localhost:${server.url.port}`);
      for (const [name, url] of Object.entries(document)) if (name.endsWith("_endpoint")) assert.ok(url.startsWith(`${document.issuer}/`), name);
    });
  });
});
