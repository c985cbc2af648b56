// Real clients with their own OAuth code: only the address is given to them, a person signs in, and they go on by refreshing.
//
// The browser they open is the tests' (`support/browser.mjs`); everything else, from discovery to refresh, is theirs.

import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { before, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import { Client as ModernClient, StreamableHTTPClientTransport as ModernTransport } from "@modelcontextprotocol/client";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";

import { ROOT } from "../xtask/local/runtime.mjs";
import { Browser } from "./support/browser.mjs";
import { consentPage, decide, told } from "./support/flow.mjs";
import { person } from "./support/people.mjs";
import { Provider } from "./support/sdk-provider.mjs";
import { BRIEF_SECONDS, RANGE, brief } from "./support/worker.mjs";

const INFO = { name: "sightline-tests", version: "1.0.0" };
const PATIENCE_MS = 60_000;
/** Until an access token is certainly over. */
const outlived = () => sleep(BRIEF_SECONDS * 1000 + 500);

describe("a real client, given the address alone,", () => {
  /** @type {import("./support/worker.mjs").Server} */
  let server;
  before(async () => {
    server = await brief();
  });

  const one = (/** @type {string} */ sql, /** @type {any[]} */ ...values) => server.db.prepare(sql).bind(...values).first();
  const connectionsOf = (/** @type {{id: string}} */ { id }) => one("SELECT count(*) AS n FROM connections WHERE user_id = ? AND revoked_at IS NULL", id);

  /** @param {any} client */
  async function use(client) {
    const { tools } = await client.listTools();
    assert.ok(tools.some((/** @type {any} */ { name }) => name === "get_analytics_overview"));
    const { structuredContent } = await client.callTool({ name: "whoami", arguments: {} });
    assert.equal(structuredContent.kind, "person");
    return structuredContent;
  }

  const kinds = {
    "@modelcontextprotocol/sdk": {
      client: () => new Client(INFO),
      transport: (/** @type {any} */ authProvider) => new StreamableHTTPClientTransport(new URL(server.endpoint), { authProvider }),
      finish: (/** @type {any} */ transport, /** @type {URL} */ { searchParams }) => transport.finishAuth(searchParams.get("code")),
    },
    "@modelcontextprotocol/client": {
      client: () => new ModernClient(INFO),
      transport: (/** @type {any} */ authProvider) => new ModernTransport(new URL(server.endpoint), { authProvider }),
      finish: (/** @type {any} */ transport, /** @type {URL} */ { searchParams }) => transport.finishAuth(searchParams),
    },
    "@modelcontextprotocol/client, 2026-07-28,": {
      client: () => new ModernClient(INFO, { versionNegotiation: { mode: { pin: "2026-07-28" } } }),
      transport: (/** @type {any} */ authProvider) => new ModernTransport(new URL(server.endpoint), { authProvider }),
      finish: (/** @type {any} */ transport, /** @type {URL} */ { searchParams }) => transport.finishAuth(searchParams),
    },
  };

  for (const [name, kind] of Object.entries(kinds)) {
    /** @param {Provider} provider */
    async function signedInClient(provider) {
      const first = kind.transport(provider);
      await assert.rejects(kind.client().connect(/** @type {any} */ (first)), /unauthorized/i);
      assert.ok(provider.callback, "the browser was opened");
      await kind.finish(first, provider.callback);
      const client = kind.client();
      await client.connect(/** @type {any} */ (kind.transport(provider)));
      return client;
    }

    describe(name, () => {
      it("registers, sends its person to sign in, redeems, and goes on by refreshing without them", { timeout: PATIENCE_MS }, async () => {
        const who = await person(server);
        const provider = new Provider(new Browser(server.url), who);
        const client = await signedInClient(provider);
        try {
          assert.equal((await use(client)).app, "SDK Tests");
          for (let round = 1; round <= 3; round += 1) {
            await outlived();
            await use(client);
            assert.ok(provider.saved >= 1 + round, `refreshed ${provider.saved - 1} times`);
          }
          assert.equal(provider.opened, 1);
          assert.equal((await connectionsOf(who)).n, 1);
        } finally {
          await client.close();
        }
      });

      it("asks its person again once the connection was revoked, and gets in by a new one", { timeout: PATIENCE_MS }, async () => {
        const who = await person(server);
        const provider = new Provider(new Browser(server.url), who);
        const client = await signedInClient(provider);
        try {
          await use(client);
          const page = await provider.browser.open("/connections");
          await provider.browser.submit(page, page.form("/connections/revoke"));
          await assert.rejects(use(client), /unauthorized/i);
        } finally {
          await client.close();
        }
        assert.equal(provider.opened, 2, "refreshing did not help, so the person was asked");
        const transport = kind.transport(provider);
        await kind.finish(transport, /** @type {URL} */ (provider.callback));
        const again = kind.client();
        await again.connect(/** @type {any} */ (kind.transport(provider)));
        await use(again);
        await again.close();
      });

      it("registers again where its registration has gone", { timeout: PATIENCE_MS }, async () => {
        const who = await person(server);
        const provider = new Provider(new Browser(server.url), who);
        await (await signedInClient(provider)).close();
        await server.db.prepare("UPDATE apps SET expires_at = 1 WHERE id = ?").bind(provider.clientInformation().client_id).run();
        await outlived();
        const transport = kind.transport(provider);
        await assert.rejects(kind.client().connect(/** @type {any} */ (transport)), /unauthorized/i);
        assert.equal(provider.opened, 2);
        await kind.finish(transport, /** @type {URL} */ (provider.callback));
        const client = kind.client();
        await client.connect(/** @type {any} */ (kind.transport(provider)));
        await use(client);
        await client.close();
      });
    });
  }

  describe("mcp-remote", () => {
    it("connects a client that speaks over stdio only, and refreshes", { timeout: PATIENCE_MS }, async () => {
      const who = await person(server);
      const memory = await mkdtemp(path.join(tmpdir(), "sightline-mcp-remote-"));
      const program = path.join(ROOT, "node_modules/mcp-remote/dist/proxy.js");
      const transport = new StdioClientTransport({
        command: process.execPath,
        args: [program, server.endpoint, "--allow-http", "--transport", "http-only"],
        // The browser it opens is `true`: it is told to go to the address it prints.
        env: { PATH: process.env.PATH ?? "", HOME: memory, MCP_REMOTE_CONFIG_DIR: memory, BROWSER: "true" },
        stderr: "pipe",
      });
      let said = "";
      /** @type {(address: string) => void} */
      let found = () => {};
      const address = new Promise((/** @type {(address: string) => void} */ resolve) => (found = resolve));
      transport.stderr?.on("data", (chunk) => {
        said += chunk;
        const [url] = said.match(/https?:\/\/\S+\/authorize\?\S+(?=\s)/) ?? [];
        if (url) found(url);
      });
      const client = new Client(INFO);
      try {
        const connecting = client.connect(transport, { timeout: PATIENCE_MS });
        const url = await Promise.race([address, connecting.then(() => assert.fail(`connected without signing in: ${said}`))]);
        const browser = new Browser(server.url);
        const next = told(await decide(browser, await consentPage(browser, url, who)));
        assert.equal((await patiently(() => fetch(next))).status, 200);
        await connecting;
        await use(client);
        await outlived();
        const { structuredContent } = /** @type {any} */ (await client.callTool({ name: "get_analytics_overview", arguments: { ...RANGE, projectId: server.tenants.projects[0].id } }));
        assert.ok(structuredContent.range.start.startsWith("2026-06-01"));
        assert.equal((await connectionsOf(who)).n, 1);
      } finally {
        await client.close();
        await rm(memory, { recursive: true, force: true });
      }
    });
  });
});

/**
 * A program prints its address before it listens; a person takes longer to sign in than it does.
 *
 * @template Answer
 * @param {() => Promise<Answer>} ask
 * @returns {Promise<Answer>}
 */
async function patiently(ask, tries = 20) {
  for (let left = tries; ; left -= 1) {
    try {
      return await ask();
    } catch (error) {
      if (left === 0) throw error;
      await sleep(250);
    }
  }
}
