// The official TypeScript SDKs as a user's program uses them: the first line for clients that begin with initialize, the second for
// 2026-07-28. They validate what they receive, so that an answer they take is an answer of the right shape.

import assert from "node:assert/strict";
import { before, describe, it } from "node:test";

import { Client as ModernClient, StreamableHTTPClientTransport as ModernTransport } from "@modelcontextprotocol/client";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";

import { RANGE, shipped } from "./support/worker.mjs";

/** @type {Record<string, object>} Arguments of the tools that cannot do without. */
const NEEDED = { query: { sql: "SELECT name, count(*) AS n FROM events GROUP BY name" }, get_event_property_values: { propertyKey: "path" } };

const INFO = { name: "sightline-tests", version: "1.0.0" };

describe("the official TypeScript SDKs", () => {
  /** @type {import("./support/worker.mjs").Server} */
  let server;
  /** @type {string} */
  let projectId;
  before(async () => {
    server = await shipped();
    projectId = server.tenants.projects[0].id;
  });

  const options = (/** @type {string} */ token) => ({ requestInit: { headers: { authorization: `Bearer ${token}` } } });

  /**
   * @param {any} client
   * @param {any} transport
   * @param {(client: any) => Promise<void>} use
   */
  async function connected(client, transport, use) {
    await client.connect(transport);
    try {
      await use(client);
    } finally {
      await client.close();
    }
  }

  /** @param {any} client */
  async function walk(client) {
    const { tools } = await client.listTools();
    assert.ok(tools.some((/** @type {any} */ { name }) => name === "get_analytics_overview"));

    const called = await client.callTool({ name: "get_analytics_overview", arguments: RANGE });
    assert.equal(called.isError ?? false, false);
    assert.equal(called.structuredContent.project.id, projectId);
    assert.ok(called.structuredContent.range.start.startsWith("2026-06-01"));
    assert.match(called.content[0].text, /\|/, "a table");

    const refused = await client.callTool({ name: "get_analytics_overview", arguments: { startDate: "yesterday-ish" } });
    assert.equal(refused.isError, true);

    // The SDK compares every answer with the tool's output schema, and throws where it does not conform.
    for (const { name } of tools) {
      const answer = await client.callTool({ name, arguments: { ...NEEDED[name] } });
      assert.ok(answer.structuredContent ?? answer.isError, name);
    }

    const { resources } = await client.listResources();
    assert.ok(resources.some((/** @type {any} */ { uri }) => uri === "sightline://schema"));
    const { resourceTemplates } = await client.listResourceTemplates();
    assert.ok(resourceTemplates.length > 0);
    const { contents } = await client.readResource({ uri: "sightline://schema" });
    assert.match(contents[0].text, /profile_id/);

    const { prompts } = await client.listPrompts();
    assert.ok(Array.isArray(prompts));
  }

  describe("@modelcontextprotocol/sdk", () => {
    it("connects with initialize, lists, calls and reads", async () => {
      const transport = new StreamableHTTPClientTransport(new URL(server.endpoint), options(server.tenants.tokens[projectId]));
      await connected(new Client(INFO), transport, async (client) => {
        await walk(client);
        await client.ping();
        assert.ok(client.getServerVersion().name);
        assert.ok(client.getInstructions().length <= 2048);
      });
    });

    it("is told of progress", async () => {
      const transport = new StreamableHTTPClientTransport(new URL(server.endpoint), options(server.tenants.tokens[projectId]));
      await connected(new Client(INFO), transport, async (client) => {
        /** @type {number[]} */
        const steps = [];
        const called = await client.callTool({ name: "get_analytics_overview", arguments: RANGE }, undefined, {
          onprogress: (/** @type {any} */ { progress }) => steps.push(progress),
        });
        assert.equal(called.structuredContent.project.id, projectId);
        assert.deepEqual([...steps].sort((a, b) => a - b), steps);
      });
    });

    it("without a token is told it is unauthorized", async () => {
      const transport = new StreamableHTTPClientTransport(new URL(server.endpoint));
      await assert.rejects(new Client(INFO).connect(transport), /401|unauthorized/i);
    });
  });

  describe("@modelcontextprotocol/client", () => {
    for (const [what, mode] of /** @type {const} */ ([["finds out that the server is modern", "auto"], ["insists on 2026-07-28", { pin: "2026-07-28" }]])) {
      it(`${what}, lists, calls and reads`, async () => {
        const transport = new ModernTransport(new URL(server.endpoint), options(server.tenants.tokens[projectId]));
        await connected(new ModernClient(INFO, { versionNegotiation: { mode } }), transport, async (client) => {
          assert.equal(client.getNegotiatedProtocolVersion(), "2026-07-28");
          await walk(client);
        });
      });
    }

    it("by its default begins with initialize, and is served as well", async () => {
      const transport = new ModernTransport(new URL(server.endpoint), options(server.tenants.tokens[projectId]));
      await connected(new ModernClient(INFO), transport, walk);
    });
  });
});
