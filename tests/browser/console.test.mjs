// The console in a real Chromium: what a person sees and ends there, and that every page is usable in every view.

import assert from "node:assert/strict";
import { before, describe, it } from "node:test";

import { connected } from "../support/flow.mjs";
import { VIEWS, newTab, picture } from "../support/chromium.mjs";
import { Mcp } from "../support/mcp.mjs";
import { person, signedIn } from "../support/people.mjs";
import { shipped } from "../support/worker.mjs";

const PAGES = ["/", "/connections", "/api-clients", "/projects", "/members", "/teams", "/audit", "/account"];

describe("the console in Chromium", () => {
  /** @type {import("../support/worker.mjs").Server} */
  let server;
  before(async () => {
    server = await shipped();
  });

  /**
   * A tab in which somebody is signed in.
   *
   * @param {Awaited<ReturnType<typeof person>>} who
   * @param {import("playwright-core").BrowserContextOptions} [options]
   */
  async function tabOf(who, options) {
    const opened = await newTab(options);
    const { value } = /** @type {any} */ ((await signedIn(server, who)).cookies.get("__Host-sightline"));
    await opened.context.addCookies([{ name: "__Host-sightline", value, url: server.url.origin, secure: true, httpOnly: true, sameSite: "Lax" }]);
    return opened;
  }

  it("connections: renamed, then revoked, and the app is out with its next request", async () => {
    const { who, tokens, app } = await connected(server);
    const mcp = new Mcp(server.endpoint, tokens.access_token);
    assert.equal((await mcp.exchange("ping")).status, 200);
    const { tab, context, complaints } = await tabOf(who);
    try {
      await tab.goto(`${server.url.origin}/connections`);
      await tab.getByRole("heading", { name: "Example App" }).waitFor();
      await tab.locator("summary", { hasText: "Rename" }).click();
      await tab.getByLabel("Name").fill("My laptop <b>");
      await tab.getByRole("button", { name: "Save" }).click();
      await tab.getByRole("heading", { name: "My laptop <b>" }).waitFor();
      await picture(tab, "connections-renamed-light-1280");
      assert.equal((await mcp.exchange("ping")).status, 200, "a name is a name");

      await tab.locator("summary", { hasText: "Revoke" }).click();
      await picture(tab, "connections-revoking-light-1280");
      await tab.getByRole("button", { name: "Revoke" }).click();
      await tab.getByText("No app is connected yet").waitFor();
      assert.equal((await mcp.exchange("ping")).status, 401);
      assert.equal((await (await app.refresh(tokens.refresh_token)).json()).error, "invalid_grant");
      assert.deepEqual(complaints, []);
    } finally {
      await context.close();
    }
  });

  it("an API client: created, its token shown this once and good, gone from the page when it is asked for again, revoked", async () => {
    const who = await person(server, { role: "owner" });
    const { tab, context, complaints } = await tabOf(who, { permissions: ["clipboard-read", "clipboard-write"] });
    try {
      await tab.goto(`${server.url.origin}/api-clients`);
      const name = `Nightly ${who.id.slice(0, 8)}`;
      await tab.getByLabel("Name").fill(name);
      await tab.getByRole("button", { name: "Create" }).click();
      const token = (await tab.locator("#token").innerText()).trim();
      assert.match(Buffer.from(token, "base64").toString(), /^.+:sl_[A-Za-z0-9_-]{43}$/);
      await picture(tab, "api-client-created-light-1280");
      await tab.getByRole("button", { name: "Copy" }).first().click();
      assert.equal(await tab.evaluate(() => navigator.clipboard.readText()), token);
      const mcp = new Mcp(server.endpoint, token);
      assert.equal((await mcp.exchange("ping")).status, 200);

      await tab.goto(`${server.url.origin}/api-clients`);
      const row = tab.locator("li.row", { hasText: name });
      await row.waitFor();
      const secret = Buffer.from(token, "base64").toString().split(":")[1];
      const html = await tab.content();
      assert.ok(!html.includes(token) && !html.includes(secret));

      await row.locator("summary", { hasText: "Revoke" }).click();
      await row.getByRole("button", { name: "Revoke" }).click();
      await tab.locator("li.row", { hasText: name }).getByText("revoked", { exact: true }).waitFor();
      assert.equal((await mcp.exchange("ping")).status, 401);
      assert.deepEqual(complaints, []);
    } finally {
      await context.close();
    }
  });

  for (const { name, ...view } of VIEWS) {
    it(`every page fits its window, has its one heading, and nothing to complain of (${name})`, async () => {
      const { who, tokens } = await connected(server, { who: await person(server, { role: "owner" }) });
      await new Mcp(server.endpoint, tokens.access_token).exchange("ping");
      const { tab, context, complaints } = await tabOf(who, view);
      try {
        for (const path of PAGES) {
          await tab.goto(`${server.url.origin}${path}`);
          const found = await tab.evaluate(() => ({
            overflow: document.documentElement.scrollWidth - document.documentElement.clientWidth,
            headings: document.querySelectorAll("h1").length,
            background: getComputedStyle(document.body).backgroundColor,
          }));
          assert.ok(found.overflow <= 0, `${path} is ${found.overflow} px too wide`);
          assert.equal(found.headings, 1, path);
          const [red, green, blue] = [...found.background.matchAll(/[\d.]+/g)].map(Number);
          const isDark = red + green + blue < 384;
          assert.equal(isDark, view.colorScheme === "dark", `${path}: ${found.background}`);
          await picture(tab, `${path.slice(1) || "home"}-${name}`);
        }
        assert.deepEqual(complaints, []);
      } finally {
        await context.close();
      }
    });
  }

  it("signing out ends it: the way back shows nothing", async () => {
    const who = await person(server);
    const { tab, context } = await tabOf(who);
    try {
      await tab.goto(`${server.url.origin}/account`);
      await tab.getByRole("button", { name: "Sign out", exact: true }).first().click();
      await tab.getByRole("heading", { name: "Sign in" }).waitFor();
      await tab.goBack();
      await tab.reload();
      await tab.getByRole("heading", { name: "Sign in" }).waitFor();
    } finally {
      await context.close();
    }
  });
});
