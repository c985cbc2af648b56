// Scopes: a tool whose scope a connection has not is not listed, and called anyway answers 403 with the scope it needs (RFC 6750 §3.1).

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { before, describe, it } from "node:test";

import { ROOT } from "../xtask/local/runtime.mjs";
import { granted } from "./support/granted.mjs";
import { LEGACY, MODERN, Mcp } from "./support/mcp.mjs";
import { person } from "./support/people.mjs";
import { oauthError } from "./support/wire.mjs";
import { RANGE, shipped } from "./support/worker.mjs";

const SCOPES = ["query", "schema", "events", "sessions", "persons", "insights"].map((name) => `mcp:${name}:read`);

describe("a connection's scopes", () => {
  /** @type {import("./support/worker.mjs").Server} */
  let server;
  /** Tool → the scope the reference says it needs; undefined: any token. @type {Map<string, string | undefined>} */
  let needs;
  before(async () => {
    server = await shipped();
    const reference = await readFile(path.join(ROOT, "docs/tools.md"), "utf8");
    const sections = [...reference.matchAll(/^### (\w+)\n(.*?)^Scope: (?:`([\w:]+)`|any token)\.$/gms)];
    needs = new Map(sections.map(([, name, , scope]) => [name, scope]));
    assert.ok(needs.size >= 9);
  });

  for (const [revision, era] of [[LEGACY, "initialize"], [MODERN, "2026-07-28"]]) {
    for (const scope of SCOPES) {
      it(`${scope} alone: lists its tools and no other, and 403 names the scope of every other (${era})`, async () => {
        const { tokens } = await granted(server, { terms: { scope } });
        const mcp = new Mcp(server.endpoint, tokens.access_token, revision);
        const listed = new Set((await mcp.request("tools/list", {})).tools.map((/** @type {any} */ { name }) => name));
        for (const [tool, needed] of needs) {
          const isHeld = needed === undefined || needed === scope;
          assert.equal(listed.has(tool), isHeld, tool);
          if (isHeld) continue;
          const { status, headers, body } = await mcp.exchange("tools/call", { name: tool, arguments: {} });
          assert.equal(status, 403, tool);
          const challenge = headers.get("www-authenticate") ?? "";
          assert.match(challenge, /^Bearer error="insufficient_scope"/);
          assert.ok(challenge.includes(`scope="${needed}"`), challenge);
          assert.ok(challenge.includes(`resource_metadata="${server.url.origin}/.well-known/oauth-protected-resource/mcp"`), challenge);
          assert.equal(body.result, undefined);
        }
      });
    }
  }

  it("the bundle lists all, and none needs more", async () => {
    const { tokens } = await granted(server);
    const { tools } = await new Mcp(server.endpoint, tokens.access_token).request("tools/list");
    for (const tool of needs.keys()) assert.ok(tools.some((/** @type {any} */ { name }) => name === tool), tool);
  });

  it("a tool there is not is no matter of scope", async () => {
    const { tokens } = await granted(server, { terms: { scope: SCOPES[0] } });
    const { status, headers } = await new Mcp(server.endpoint, tokens.access_token).exchange("tools/call", { name: "drop_everything", arguments: {} });
    assert.notEqual(status, 403);
    assert.equal(headers.get("www-authenticate"), null);
  });

  it("are what whoami says, with the app, the person and the end", async () => {
    const scopes = ["mcp:query:read", "mcp:schema:read"];
    const { tokens, who, app } = await granted(server, { terms: { scope: scopes.join(" ") } });
    const said = await new Mcp(server.endpoint, tokens.access_token).answer("whoami");
    assert.deepEqual([...said.scopes].sort(), scopes);
    assert.deepEqual([said.kind, said.id, said.app], ["person", who.id, "Example App"]);
    assert.ok(Math.abs(Date.parse(said.expiresAt) - Date.now() - 3600_000) < 60_000);
    assert.ok(app.id);
  });

  it("projects chosen at consent are all it sees, and another of the person's is as if it did not exist", async () => {
    const organization = server.tenants.projects[0].organization.id;
    const [first, second] = server.tenants.projects.filter((project) => project.organization.id === organization);
    assert.ok(second, "the demo has an organization of two projects");
    const who = await person(server);
    const { tokens } = await granted(server, { who, terms: { projects: [first.id] } });
    const mcp = new Mcp(server.endpoint, tokens.access_token);
    const { projects } = await mcp.answer("list_projects");
    assert.deepEqual(projects.map((/** @type {any} */ { id }) => id), [first.id]);
    const refusals = await Promise.all([second.id, "no_such_project"].map((projectId) => mcp.refusal("get_event_definitions", { ...RANGE, projectId })));
    assert.equal(refusals[0].replaceAll(second.id, "X"), refusals[1].replaceAll("no_such_project", "X"));
  });

  describe("at the token endpoint", () => {
    it("RFC 6749 §6: a refresh may ask for less, and the next for all again", async () => {
      const { app, tokens } = await granted(server);
      const less = await (await app.refresh(tokens.refresh_token, { scope: "mcp:schema:read" })).json();
      assert.equal(less.scope, "mcp:schema:read");
      const { status } = await new Mcp(server.endpoint, less.access_token).exchange("tools/call", { name: "query", arguments: { sql: "SELECT 1" } });
      assert.equal(status, 403);
      assert.equal((await (await app.refresh(less.refresh_token)).json()).scope, "mcp:analytics:read");
    });

    it("RFC 6749 §6: and never for more, nor for what there is not; the token is not used up by asking", async () => {
      const { app, tokens } = await granted(server, { terms: { scope: "mcp:schema:read" } });
      for (const scope of ["mcp:analytics:read", "mcp:schema:read mcp:query:read", "admin"]) {
        const { status, error } = await oauthError(await app.refresh(tokens.refresh_token, { scope }));
        assert.deepEqual([status, error], [400, "invalid_scope"], scope);
      }
      // RFC 6749 §3.1: a parameter without a value is as if it were not there.
      assert.equal((await (await app.refresh(tokens.refresh_token, { scope: "" })).json()).scope, "mcp:schema:read");
    });
  });
});
