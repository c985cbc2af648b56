// Who gets in, for API clients: the challenge, the ways to send a token, and that what a caller may see is read on every request.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { before, describe, it } from "node:test";

import { MODERN, Mcp } from "./support/mcp.mjs";
import { newToken } from "./support/tenants.mjs";
import { shipped } from "./support/worker.mjs";

const DAY_MS = 86_400_000;

describe("access by token", () => {
  /** @type {import("./support/worker.mjs").Server} */
  let server;
  /** @type {import("../xtask/local/accounts.mjs").Project} */
  let project;
  before(async () => {
    server = await shipped();
    project = server.tenants.projects[0];
  });

  const mcp = (/** @type {string} */ token, query = "") => new Mcp(`${server.endpoint}${query}`, token);
  const client = (/** @type {"read" | "root" | "write"} */ kind) => ({
    kind,
    organizationId: project.organization.id,
    projectId: kind === "root" ? null : project.id,
  });

  /** What a client outside can tell answers apart by. */
  const seen = (/** @type {import("./support/mcp.mjs").Answer} */ { status, text, headers }) => ({
    status,
    text,
    challenge: headers.get("www-authenticate"),
  });

  describe("a request without a good token", () => {
    it("is challenged with where to find out more, in both eras, discovery included", async () => {
      for (const [revision, method] of [["2025-11-25", "initialize"], ["2025-11-25", "tools/list"], [MODERN, "server/discover"]]) {
        const { status, headers } = await new Mcp(server.endpoint, undefined, revision).exchange(method);
        assert.equal(status, 401, method);
        const challenge = headers.get("www-authenticate") ?? "";
        assert.match(challenge, /^Bearer /);
        assert.match(challenge, /scope="mcp:analytics:read"/);
        assert.doesNotMatch(challenge, /error=/, "no token came, so none is invalid");
      }
    });

    it("is refused before its body is looked at", async () => {
      const { status } = await new Mcp(server.endpoint).send("{{{", { "content-type": "application/json" });
      assert.equal(status, 401);
    });

    it("looks the same from outside, whatever is wrong with the token", async () => {
      const good = Buffer.from(server.tenants.tokens[project.id], "base64").toString();
      const [id, secret] = good.split(":");
      const encode = (/** @type {string} */ text) => Buffer.from(text).toString("base64");
      const tokens = {
        "a secret of somebody else": encode(`${id}:${secret.slice(0, -4)}AAAA`),
        "an unknown client": encode(`00000000-0000-4000-8000-000000000000:${secret}`),
        "the hash instead of the secret": encode(`${id}:${createHash("sha256").update(secret).digest("hex")}`),
        "no colon": encode(id),
        "no secret": encode(`${id}:`),
        "not Base64": "%%%",
        "a client that may only write": await newToken(server.db, client("write")),
        "an expired client": await newToken(server.db, client("read"), { createdAt: Date.now() - 2 * DAY_MS, expiresAt: Date.now() - DAY_MS }),
        "a revoked client": await newToken(server.db, client("read"), { revokedAt: Date.now() - 1 }),
        "a very long one": "A".repeat(10_000),
        "SQL": encode(`' OR 1=1 --:${secret}`),
      };
      const expected = seen(await mcp("nonsense").exchange("ping"));
      assert.equal(expected.status, 401);
      assert.match(expected.challenge ?? "", /error="invalid_token"/);
      for (const [what, token] of Object.entries(tokens)) assert.deepEqual(seen(await mcp(token).exchange("ping")), expected, what);
    });
  });

  describe("a token", () => {
    it("is taken from the header or the query, and the header wins", async () => {
      const token = server.tenants.tokens[project.id];
      const inQuery = `?token=${encodeURIComponent(token)}`;
      assert.equal((await new Mcp(`${server.endpoint}${inQuery}`).exchange("ping")).status, 200);
      assert.equal((await mcp("nonsense", inQuery).exchange("ping")).status, 401);
      assert.equal((await mcp(token, "?token=nonsense").exchange("ping")).status, 200);
    });

    it("never comes back in an answer", async () => {
      const token = server.tenants.tokens[project.id];
      const answer = await new Mcp(`${server.endpoint}?token=${encodeURIComponent(token)}`).exchange("tools/call", { name: "whoami", arguments: {} });
      assert.ok(answer.body.result.structuredContent);
      const secret = Buffer.from(token, "base64").toString().split(":")[1];
      for (const text of [token, secret, encodeURIComponent(token)]) assert.ok(!answer.text.includes(text));
    });

    it("of a `read` client shows its one project, of a `root` client all of its organization", async () => {
      const ids = async (/** @type {string} */ token) => {
        const { projects } = await mcp(token).answer("list_projects");
        return projects.map((/** @type {any} */ { id }) => id).sort();
      };
      for (const { id } of server.tenants.projects) assert.deepEqual(await ids(server.tenants.tokens[id]), [id]);
      for (const [organization, token] of Object.entries(server.tenants.roots)) {
        const own = server.tenants.projects.filter((one) => one.organization.id === organization);
        assert.deepEqual(await ids(token), own.map(({ id }) => id).sort());
      }
    });

    it("stops working with the request after it is revoked, and with the one after it expires", async () => {
      const token = await newToken(server.db, client("read"));
      const id = Buffer.from(token, "base64").toString().split(":")[0];
      assert.equal((await mcp(token).exchange("ping")).status, 200);
      await server.db.prepare("UPDATE api_clients SET revoked_at = ? WHERE id = ?").bind(Date.now(), id).run();
      assert.equal((await mcp(token).exchange("ping")).status, 401);

      const brief = await newToken(server.db, client("read"), { expiresAt: Date.now() + DAY_MS });
      assert.equal((await mcp(brief).exchange("ping")).status, 200);
      const briefId = Buffer.from(brief, "base64").toString().split(":")[0];
      await server.db.prepare("UPDATE api_clients SET created_at = 0, expires_at = 1 WHERE id = ?").bind(briefId).run();
      assert.equal((await mcp(brief).exchange("ping")).status, 401);
    });

    it("shows a project no longer from the request after it is archived", async () => {
      const root = server.tenants.roots[project.organization.id];
      const visible = async () => (await mcp(root).answer("list_projects")).projects.map((/** @type {any} */ { id }) => id);
      assert.ok((await visible()).includes(project.id));
      const archive = (/** @type {number | null} */ at) =>
        server.db.prepare("UPDATE projects SET archived_at = ? WHERE id = ?").bind(at, project.id).run();
      await archive(Date.now());
      try {
        assert.ok(!(await visible()).includes(project.id));
        await mcp(root).refusal("get_event_definitions", { projectId: project.id });
      } finally {
        await archive(null);
      }
      assert.ok((await visible()).includes(project.id));
    });

    it("tells `whoami` who it is, without its secret", async () => {
      const { structuredContent, text } = await mcp(server.tenants.tokens[project.id]).call("whoami");
      assert.match(JSON.stringify(structuredContent), new RegExp(project.organization.id));
      assert.match(text, /read/i);
    });

    it("is kept as a hash alone, wherever the request left its traces", async () => {
      const token = server.tenants.tokens[project.id];
      await mcp(token).answer("whoami");
      const secret = Buffer.from(token, "base64").toString().split(":")[1];
      const { results: tables } = await server.db.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE '\\_%' ESCAPE '\\'").all();
      assert.ok(tables.some((/** @type {any} */ { name }) => name === "api_clients"));
      for (const { name } of tables) {
        const { results } = await server.db.prepare(`SELECT * FROM "${name}"`).all();
        for (const text of [secret, token]) assert.ok(!JSON.stringify(results).includes(text), name);
      }
    });
  });
});
