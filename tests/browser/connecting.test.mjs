// Connecting an app in a real Chromium: sign-in, consent, the way back; in light and dark, wide and narrow, by keyboard, without scripts.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";

import { App } from "../support/app.mjs";
import { SCREENSHOTS, VIEWS, newTab, picture, waitingApp } from "../support/chromium.mjs";
import { Mcp } from "../support/mcp.mjs";
import { person } from "../support/people.mjs";
import { shipped } from "../support/worker.mjs";

describe("connecting an app in Chromium", () => {
  /** @type {import("../support/worker.mjs").Server} */
  let server;
  /** @type {Awaited<ReturnType<typeof waitingApp>>} */
  let waiting;
  /** @type {App} */
  let app;
  before(async () => {
    server = await shipped();
    waiting = await waitingApp();
    app = await App.registered(server.url, { client_name: "Browser Tests", redirect_uris: [waiting.callback] });
  });
  after(() => {
    console.log(`screenshots: ${SCREENSHOTS}`);
    return waiting.stop();
  });

  /** @typedef {import("playwright-core").Page} Tab */

  /**
   * @param {Tab} tab
   * @param {{email: string, password: string}} who
   */
  async function signIn(tab, { email, password }) {
    await tab.getByLabel("E-mail").fill(email);
    await tab.getByLabel("Password").fill(password);
    await tab.getByRole("button", { name: "Sign in" }).click();
  }

  /** The page fits its window, and what can be used has a name and is large enough to be hit. @param {Tab} tab */
  async function assertUsable(tab) {
    const found = await tab.evaluate(() => {
      const shown = (/** @type {Element} */ one) => one.getClientRects().length > 0 && getComputedStyle(one).visibility !== "hidden";
      const named = (/** @type {any} */ one) =>
        one.labels?.length || one.getAttribute("aria-label") || one.getAttribute("aria-labelledby") || one.textContent?.trim() || one.title;
      const controls = [...document.querySelectorAll("input:not([type=hidden]), button, select, a[href], summary")].filter(shown);
      return {
        overflow: document.documentElement.scrollWidth - document.documentElement.clientWidth,
        nameless: controls.filter((one) => !named(one)).map((one) => one.outerHTML.slice(0, 120)),
        headings: document.querySelectorAll("h1").length,
        mains: document.querySelectorAll("main").length,
        language: document.documentElement.lang,
      };
    });
    assert.ok(found.overflow <= 0, `${tab.url()} is ${found.overflow} px too wide`);
    assert.deepEqual(found.nameless, []);
    assert.deepEqual([found.headings, found.mains, found.language], [1, 1, "en"]);
  }

  for (const { name, ...view } of VIEWS) {
    it(`leads from the app through sign-in and consent back to it, with nothing to complain of (${name})`, async () => {
      const who = await person(server);
      const { tab, context, complaints } = await newTab(view);
      try {
        await tab.goto(app.authorizeUrl().href);
        await tab.getByRole("heading", { name: "Sign in" }).waitFor();
        assert.match(await tab.locator("main").innerText(), /Browser Tests/);
        await assertUsable(tab);
        await picture(tab, `sign-in-${name}`);

        await signIn(tab, who);
        await tab.getByRole("heading", { name: /Connect Browser Tests\?/ }).waitFor();
        const said = await tab.locator("main").innerText();
        for (const text of ["127.0.0.1", who.email, "this device"]) assert.ok(said.includes(text), text);
        await assertUsable(tab);
        await picture(tab, `consent-${name}`);

        await tab.getByLabel("SQL").uncheck();
        const answered = waiting.answered();
        await tab.getByRole("button", { name: "Allow" }).click();
        const url = await answered;
        await tab.getByRole("heading", { name: "The app has its answer" }).waitFor();
        assert.deepEqual([url.searchParams.get("state"), url.searchParams.get("iss")], [app.state, server.url.origin]);

        const tokens = await (await app.redeem(url.searchParams.get("code") ?? "")).json();
        assert.ok(!tokens.scope.includes("mcp:query:read") && tokens.scope.includes("mcp:schema:read"), tokens.scope);
        assert.equal((await new Mcp(server.endpoint, tokens.access_token).exchange("ping")).status, 200);
        assert.deepEqual(complaints, []);
      } finally {
        await context.close();
      }
    });
  }

  it("a no leads back to the app with `access_denied`, and nothing is connected", async () => {
    const who = await person(server);
    const { tab, context, complaints } = await newTab();
    try {
      await tab.goto(app.authorizeUrl().href);
      await signIn(tab, who);
      const answered = waiting.answered();
      await tab.getByRole("button", { name: "Deny" }).click();
      const url = await answered;
      assert.deepEqual([url.searchParams.get("error"), url.searchParams.get("state"), url.searchParams.get("code")], ["access_denied", app.state, null]);
      await tab.goto(`${server.url.origin}/connections`);
      assert.match(await tab.locator("main").innerText(), /No app is connected yet/);
      await picture(tab, "connections-empty-light-1280");
      assert.deepEqual(complaints, []);
    } finally {
      await context.close();
    }
  });

  it("a wrong password says so, keeps the address, and the right one goes on to consent", async () => {
    const who = await person(server);
    const { tab, context } = await newTab();
    try {
      await tab.goto(app.authorizeUrl().href);
      await signIn(tab, { ...who, password: "not the password" });
      await tab.getByRole("alert").waitFor();
      assert.equal(await tab.getByLabel("E-mail").inputValue(), who.email);
      assert.equal(await tab.getByLabel("Password").inputValue(), "");
      await picture(tab, "sign-in-refused-light-1280");
      await signIn(tab, who);
      await tab.getByRole("heading", { name: /Connect Browser Tests\?/ }).waitFor();
    } finally {
      await context.close();
    }
  });

  it("by keyboard alone: every control is reached in order and seen to be, a scope is unticked, and Enter allows", async () => {
    const who = await person(server);
    const { tab, context, complaints } = await newTab();
    try {
      await tab.goto(app.authorizeUrl().href);
      const focused = () =>
        tab.evaluate(() => {
          const one = /** @type {any} */ (document.activeElement);
          const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(one);
          return {
            name: one.name || one.textContent?.trim() || "",
            value: one.value ?? "",
            type: one.type ?? one.tagName,
            isMarked: (outlineStyle !== "none" && outlineWidth !== "0px") || boxShadow !== "none",
          };
        });
      const tabTo = async (/** @type {(one: Awaited<ReturnType<typeof focused>>) => boolean} */ wanted) => {
        for (let presses = 0; presses < 40; presses += 1) {
          await tab.keyboard.press("Tab");
          const one = await focused();
          if (one.type !== "BODY") assert.ok(one.isMarked, `focus is seen on ${one.name} ${one.value}`);
          if (wanted(one)) return;
        }
        assert.fail("the keyboard does not get there");
      };
      await tab.keyboard.press("Tab");
      assert.match((await focused()).name, /Skip to content/);
      await tabTo(({ name }) => name === "email");
      await tab.keyboard.type(who.email);
      await tabTo(({ name }) => name === "password");
      await tab.keyboard.type(who.password);
      await tab.keyboard.press("Enter");
      await tab.getByRole("heading", { name: /Connect Browser Tests\?/ }).waitFor();

      for (const scope of ["query", "schema", "events", "sessions", "persons", "insights"]) await tabTo(({ value }) => value === `mcp:${scope}:read`);
      await tab.keyboard.press("Space");
      await tabTo(({ value }) => value === "allow");
      const answered = waiting.answered();
      await tab.keyboard.press("Enter");
      const { scope } = await (await app.redeem((await answered).searchParams.get("code") ?? "")).json();
      assert.equal(scope, "mcp:query:read mcp:schema:read mcp:events:read mcp:sessions:read mcp:persons:read");
      assert.deepEqual(complaints, []);
    } finally {
      await context.close();
    }
  });

  it("without scripts it goes the same way", async () => {
    const who = await person(server);
    const { tab, context } = await newTab({ javaScriptEnabled: false });
    try {
      await tab.goto(app.authorizeUrl().href);
      await signIn(tab, who);
      const answered = waiting.answered();
      await tab.getByRole("button", { name: "Allow" }).click();
      assert.equal((await app.redeem((await answered).searchParams.get("code") ?? "")).status, 200);
    } finally {
      await context.close();
    }
  });

  it("for an app on another host the browser is sent there as well: the policy stops no way back", async () => {
    const elsewhere = await App.registered(server.url, { client_name: "Elsewhere", redirect_uris: ["https://app.example/callback"] });
    const who = await person(server);
    const { tab, context } = await newTab();
    try {
      await context.route("https://app.example/**", (route) => route.fulfill({ contentType: "text/html", body: "<h1>The app elsewhere</h1>" }));
      await tab.goto(elsewhere.authorizeUrl().href);
      await signIn(tab, who);
      await tab.getByRole("button", { name: "Allow" }).click();
      await tab.getByRole("heading", { name: "The app elsewhere" }).waitFor();
      const url = new URL(tab.url());
      assert.equal(url.searchParams.get("iss"), server.url.origin);
      assert.equal((await elsewhere.redeem(url.searchParams.get("code") ?? "")).status, 200);
    } finally {
      await context.close();
    }
  });

  it("RFC 9700 §4.16: consent cannot be framed by another page", async () => {
    const who = await person(server);
    const { tab, context, complaints } = await newTab();
    try {
      await tab.goto(app.authorizeUrl().href);
      await signIn(tab, who);
      await tab.getByRole("button", { name: "Allow" }).waitFor();
      const consent = tab.url();
      await context.route("https://evil.example/**", (route) => route.fulfill({ contentType: "text/html", body: `<iframe src="${consent}"></iframe>` }));
      await tab.goto("https://evil.example/");
      await tab.waitForTimeout(1000);
      for (const frame of tab.frames().slice(1)) assert.equal(await frame.getByRole("button", { name: "Allow" }).count(), 0);
      assert.ok(complaints.some((text) => /frame-ancestors|X-Frame-Options|refused/i.test(text)), `${complaints}`);
    } finally {
      await context.close();
    }
  });
});
