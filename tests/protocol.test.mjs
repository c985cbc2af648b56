// Both eras of the protocol, end to end: what `/mcp` answers to a client that behaves.
// The order of checks and the malformed cases in full are tested natively in `crates/mcp`; here is what crosses the boundary.

import assert from "node:assert/strict";
import { before, describe, it } from "node:test";

import { LEGACY, MODERN, Mcp } from "./support/mcp.mjs";
import { RANGE, shipped } from "./support/worker.mjs";

describe("the protocol over HTTP", () => {
  /** @type {import("./support/worker.mjs").Server} */
  let server;
  /** @type {string} */
  let token;
  /** @type {string} */
  let projectId;
  before(async () => {
    server = await shipped();
    projectId = server.tenants.projects[0].id;
    token = server.tenants.tokens[projectId];
  });

  const client = (/** @type {string} */ revision) => new Mcp(server.endpoint, token, revision);

  describe("clients that begin with initialize", () => {
    for (const revision of ["2024-11-05", "2025-03-26", "2025-06-18", LEGACY]) {
      it(`${revision}: initialize, ping, list, call and read`, async () => {
        const mcp = client(revision);
        const begun = await mcp.exchange(
          "initialize",
          { protocolVersion: revision, capabilities: {}, clientInfo: { name: "test", version: "1" } },
          { "mcp-protocol-version": undefined },
        );
        assert.equal(begun.status, 200);
        assert.equal(begun.body.result.protocolVersion, revision);
        assert.deepEqual(Object.keys(begun.body.result.capabilities).sort(), ["completions", "prompts", "resources", "tools"]);
        assert.equal(begun.headers.get("mcp-session-id"), null);

        const ready = await mcp.send(JSON.stringify({ jsonrpc: "2.0", method: "notifications/initialized" }), mcp.headers({}));
        assert.deepEqual([ready.status, ready.text], [202, ""]);
        assert.deepEqual(await mcp.request("ping"), {});

        const { tools } = await mcp.request("tools/list");
        assert.ok(tools.some((/** @type {any} */ tool) => tool.name === "get_analytics_overview"));
        const { contents } = await mcp.request("resources/read", { uri: "sightline://schema" });
        assert.match(contents[0].text, /events/);

        const called = await mcp.request("tools/call", { name: "get_analytics_overview", arguments: RANGE });
        assert.equal(called.isError ?? false, false);
        assert.match(called.content[0].text, /2026-06-01/);
        const isStructured = revision >= "2025-06-18";
        assert.equal("structuredContent" in called, isStructured);
        assert.equal("outputSchema" in tools[0], isStructured);
        for (const result of [begun.body.result, called]) {
          for (const modern of ["resultType", "ttlMs", "cacheScope"]) assert.ok(!(modern in result), `${modern} leaked`);
        }
      });
    }

    it("a version only the stateless era has is answered with the newest that has initialize", async () => {
      const params = { protocolVersion: MODERN, capabilities: {}, clientInfo: { name: "test", version: "1" } };
      const { body } = await client(LEGACY).exchange("initialize", params, { "mcp-protocol-version": undefined });
      assert.equal(body.result.protocolVersion, LEGACY);
    });

    it("2025-03-26 may send a batch, later revisions may not", async () => {
      const batch = JSON.stringify([
        { jsonrpc: "2.0", id: 1, method: "ping" },
        { jsonrpc: "2.0", method: "notifications/initialized" },
        { jsonrpc: "2.0", id: 2, method: "tools/list" },
      ]);
      const old = client("2025-03-26");
      const answered = await old.send(batch, old.headers({}));
      assert.equal(answered.status, 200);
      assert.deepEqual(answered.body.map((/** @type {any} */ message) => message.id).sort(), [1, 2]);

      const later = client("2025-06-18");
      const refused = await later.send(batch, later.headers({}));
      assert.deepEqual([refused.status, refused.body.error.code], [400, -32600]);
    });

    it("an unknown method is an error inside a good answer", async () => {
      const { status, body } = await client(LEGACY).exchange("tools/dance");
      assert.deepEqual([status, body.error.code], [200, -32601]);
    });
  });

  describe("clients of 2026-07-28, which send every request complete", () => {
    it("discover, list, call and read", async () => {
      const mcp = client(MODERN);
      const discovered = await mcp.request("server/discover");
      assert.ok(discovered.supportedVersions.includes(MODERN));
      assert.equal(discovered.resultType, "complete");

      const listed = await mcp.request("tools/list");
      assert.equal(listed.cacheScope, "private");
      assert.ok(listed.ttlMs >= 60_000);

      const called = await mcp.request("tools/call", { name: "get_analytics_overview", arguments: RANGE });
      assert.equal(called.structuredContent.project.id, projectId);
      assert.equal(called._meta["io.modelcontextprotocol/serverInfo"].name.length > 0, true);

      const { contents } = await mcp.request("resources/read", { uri: "sightline://schema" });
      assert.equal(contents[0].uri, "sightline://schema");
    });

    it("header and body that disagree are refused with the code that says so", async () => {
      const mcp = client(MODERN);
      for (const changes of [
        { "mcp-protocol-version": LEGACY },
        { "mcp-protocol-version": undefined },
        { "mcp-method": "tools/list" },
        { "mcp-name": "query" },
        { "mcp-name": undefined },
      ]) {
        const { status, body } = await mcp.exchange("tools/call", { name: "whoami", arguments: {} }, changes);
        assert.deepEqual([status, body.error.code], [400, -32020], JSON.stringify(changes));
      }
    });

    it("a name in Base64 is read as the name it encodes", async () => {
      const encoded = `=?base64?${Buffer.from("whoami").toString("base64")}?=`;
      const { status, body } = await client(MODERN).exchange("tools/call", { name: "whoami", arguments: {} }, { "mcp-name": encoded });
      assert.equal(status, 200);
      assert.ok(body.result.structuredContent);
    });

    it("a version nobody supports is refused with those that are", async () => {
      const _meta = { "io.modelcontextprotocol/protocolVersion": "2031-01-01" };
      const changes = { "mcp-protocol-version": "2031-01-01" };
      const { status, body } = await client(MODERN).exchange("tools/list", { _meta }, changes);
      assert.deepEqual([status, body.error.code], [400, -32022]);
      assert.ok(body.error.data.supported.includes(MODERN));
      assert.equal(body.error.data.requested, "2031-01-01");
    });

    it("an unknown method is 404 with a JSON-RPC error, and so are those of the other era", async () => {
      for (const method of ["tools/dance", "initialize", "ping", "logging/setLevel", "resources/subscribe"]) {
        const { status, body } = await client(MODERN).exchange(method);
        assert.deepEqual([status, body.error.code], [404, -32601], method);
      }
    });

    it("a resource that is not there is named in the error", async () => {
      const { body } = await client(MODERN).exchange("resources/read", { uri: "sightline://nothing" });
      assert.deepEqual([body.error.code, body.error.data.uri], [-32602, "sightline://nothing"]);
      const legacy = await client(LEGACY).exchange("resources/read", { uri: "sightline://nothing" });
      assert.equal(legacy.body.error.code, -32002);
    });
  });

  describe("HTTP", () => {
    it("only POST is answered, and the others say so without redirecting", async () => {
      for (const method of ["GET", "DELETE", "HEAD", "PUT"]) {
        const response = await fetch(server.endpoint, { method, redirect: "manual" });
        assert.equal(response.status, 405, method);
        assert.equal(response.headers.get("allow"), "POST, OPTIONS");
      }
    });

    it("a browser's preflight from an allowed origin is answered without a token", async () => {
      const origin = new URL(server.endpoint).origin;
      const response = await fetch(server.endpoint, {
        method: "OPTIONS",
        headers: { origin, "access-control-request-method": "POST", "access-control-request-headers": "authorization, mcp-name" },
      });
      assert.equal(response.status, 204);
      assert.equal(response.headers.get("access-control-allow-origin"), origin);
      assert.match(response.headers.get("access-control-allow-headers") ?? "", /mcp-name/i);
    });

    it("a foreign web page is refused before its token is looked at", async () => {
      const { status } = await new Mcp(server.endpoint).exchange("ping", undefined, { origin: "https://evil.example" });
      assert.equal(status, 403);
    });

    it("another media type is 415, and a body that is no JSON is 400 with a JSON-RPC error", async () => {
      const mcp = client(LEGACY);
      const typed = await mcp.exchange("ping", undefined, { "content-type": "text/plain" });
      assert.equal(typed.status, 415);
      const broken = await mcp.send('{"jsonrpc": "2.0", "id": 1,', mcp.headers({}));
      assert.deepEqual([broken.status, broken.body.error.code], [400, -32700]);
    });

    it("a body beyond any question's size is 413", async () => {
      const mcp = client(LEGACY);
      const huge = JSON.stringify(mcp.message("tools/call", { name: "query", arguments: { sql: "x".repeat(20_000_000) } }));
      const { status } = await mcp.send(huge, mcp.headers({}));
      assert.equal(status, 413);
    });

    it("an unknown path is 404, never the protocol", async () => {
      const response = await fetch(new URL("/mcp/nothing", server.endpoint), { method: "POST", body: "{}" });
      assert.equal(response.status, 404);
    });

    it("progress comes as a stream that ends with the answer", async () => {
      const params = { name: "get_analytics_overview", arguments: RANGE, _meta: { progressToken: "p1" } };
      for (const revision of [LEGACY, MODERN]) {
        const { headers, messages } = await client(revision).exchange("tools/call", params);
        assert.match(headers.get("content-type") ?? "", /^text\/event-stream/);
        assert.equal(headers.get("x-accel-buffering"), "no");
        const [progress, [last, ...rest]] = [messages.slice(0, -1), messages.slice(-1)];
        assert.deepEqual(rest, []);
        assert.ok(last.result.content.length > 0);
        const steps = progress.map((message) => message.params.progress);
        assert.ok(steps.every((step, at) => at === 0 || step > steps[at - 1]), `strictly increasing: ${steps}`);
        for (const { method, params: sent } of progress) {
          assert.deepEqual([method, sent.progressToken], ["notifications/progress", "p1"]);
        }
      }
    });

    it("a client that goes away leaves a server that answers the next", async () => {
      const mcp = client(LEGACY);
      const body = JSON.stringify(mcp.message("tools/call", { name: "query", arguments: { sql: "SELECT count(*) FROM events a JOIN events b ON a.name = b.name" } }));
      await assert.rejects(mcp.send(body, mcp.headers({}), AbortSignal.timeout(150)));
      assert.deepEqual(await mcp.request("ping"), {});
    });
  });
});
