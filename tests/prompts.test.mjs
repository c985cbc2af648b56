// Prompts and completion: what is listed for whom, what a prompt says, which names come out of whose data.

import assert from "node:assert/strict";
import { before, describe, it } from "node:test";

import { granted } from "./support/granted.mjs";
import { LEGACY, MODERN, Mcp } from "./support/mcp.mjs";
import { shipped } from "./support/worker.mjs";

const NAMES = ["investigate_bug", "product_analysis", "funnel_diagnosis", "retention_review", "weekly_review", "explore_schema"];

for (const [revision, era] of [[LEGACY, "initialize"], [MODERN, "2026-07-28"]]) {
  describe(`prompts (${era})`, () => {
    /** @type {import("./support/worker.mjs").Server} */
    let server;
    /** A client that sees the projects `shop` and `app`. @type {Mcp} */
    let northwind;
    before(async () => {
      server = await shipped();
      northwind = new Mcp(server.endpoint, server.tenants.roots.org_northwind, revision);
    });

    const complete = (/** @type {Mcp} */ mcp, /** @type {string} */ prompt, /** @type {string} */ name, value = "", args = {}) =>
      mcp.request("completion/complete", {
        ref: { type: "ref/prompt", name: prompt },
        argument: { name, value },
        context: { arguments: args },
      });

    it("are listed with their arguments", async () => {
      const { prompts } = await northwind.request("prompts/list");
      assert.deepEqual(prompts.map((/** @type {any} */ { name }) => name), NAMES);
      for (const { name, description, arguments: given } of prompts) {
        assert.ok(description, name);
        assert.equal(given[0].name, "project", name);
      }
    });

    it("say what to call, with the arguments given", async () => {
      const { messages } = await northwind.request("prompts/get", {
        name: "funnel_diagnosis",
        arguments: { project: "shop", steps: "add_to_cart, purchase" },
      });
      assert.equal(messages.length, 1);
      assert.equal(messages[0].role, "user");
      assert.match(messages[0].content.text, /`projectId` "shop"/);
      assert.match(messages[0].content.text, /"add_to_cart", "purchase"/);
    });

    it("refuse what they cannot be filled in with", async () => {
      const told = async (/** @type {any} */ params) => (await northwind.exchange("prompts/get", params)).body.error;
      for (const [params, message] of [
        [{ name: "nothing" }, /Unknown prompt/],
        [{ name: "funnel_diagnosis" }, /needs the argument `steps`/],
        [{ name: "weekly_review", arguments: { project: "docs" } }, /no project `docs` visible to you/],
        [{ name: "weekly_review", arguments: { wek: "1" } }, /Did you mean `week`/],
      ]) {
        const { code, message: text } = await told(params);
        assert.equal(code, -32602);
        assert.match(text, /** @type {RegExp} */ (message));
      }
    });

    it("complete projects, events, keys and values out of the caller's own data", async () => {
      const values = async (/** @type {Parameters<typeof complete>} */ ...asked) => (await complete(...asked)).completion.values;
      assert.deepEqual(await values(northwind, "weekly_review", "project"), ["app", "shop"]);
      assert.deepEqual(await values(northwind, "weekly_review", "project", "docs"), [], "another organization's");
      assert.deepEqual(await values(northwind, "retention_review", "event", "x", { project: "docs" }), [], "another organization's");
      assert.deepEqual(await values(northwind, "retention_review", "week"), [], "no argument of it");
      assert.deepEqual(await values(northwind, "retention_review", "event", "CHECK", { project: "shop" }), ["checkout_started"]);
      assert.deepEqual(await values(northwind, "funnel_diagnosis", "steps", "search, check", { project: "shop" }), ["search, checkout_started"]);
      const use = { project: "shop", event: "payment_info_added" };
      assert.ok((await values(northwind, "product_analysis", "property", "pay", use)).includes("payment.method"));
      const methods = await values(northwind, "product_analysis", "value", "", { ...use, property: "payment.method" });
      assert.ok(methods.length >= 2, methods.join());
    });

    it("are there for whoever may call their tools, and complete for whoever may see names", async () => {
      const { tokens } = await granted(server, { terms: { scope: "mcp:query:read mcp:schema:read" } });
      const analyst = new Mcp(server.endpoint, tokens.access_token, revision);
      const { prompts } = await analyst.request("prompts/list");
      assert.deepEqual(prompts.map((/** @type {any} */ { name }) => name), ["explore_schema"]);
      const { body } = await analyst.exchange("prompts/get", { name: "weekly_review" });
      assert.equal(body.error.code, -32602);
    });

    it("complete the address of a table's schema", async () => {
      const { completion } = await northwind.request("completion/complete", {
        ref: { type: "ref/resource", uri: "sightline://schema/{table}{?project}" },
        argument: { name: "table", value: "pro" },
        context: { arguments: { project: "app" } },
      });
      assert.deepEqual(completion.values, ["profiles"]);
    });
  });
}
