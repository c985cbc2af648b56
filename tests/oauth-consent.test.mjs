// Consent: who is asked what, and that an answer counts once, in its own browser, for its own person, within what was asked.

import assert from "node:assert/strict";
import { before, describe, it } from "node:test";

import { App } from "./support/app.mjs";
import { Browser } from "./support/browser.mjs";
import { DECISION, claims, codeFor, connected, consentPage, decide, told } from "./support/flow.mjs";
import { Mcp } from "./support/mcp.mjs";
import { person, signIn, signedIn } from "./support/people.mjs";
import { assertPlain } from "./support/plain.mjs";
import { shipped } from "./support/worker.mjs";

const SCOPES = ["query", "schema", "events", "sessions", "persons", "insights"].map((name) => `mcp:${name}:read`);

describe("consent", () => {
  /** @type {import("./support/worker.mjs").Server} */
  let server;
  /** @type {App} */
  let app;
  before(async () => {
    server = await shipped();
    app = await App.registered(server.url, { client_name: "Consent Tests" });
  });

  const one = (/** @type {string} */ sql, /** @type {any[]} */ ...values) => server.db.prepare(sql).bind(...values).first();
  const run = (/** @type {string} */ sql, /** @type {any[]} */ ...values) => server.db.prepare(sql).bind(...values).run();
  const codesOf = async (/** @type {string} */ userId) => (await one("SELECT count(*) AS n FROM codes WHERE user_id = ?", userId)).n;
  const scopesOn = (/** @type {import("./support/page.mjs").Page} */ page) =>
    page.form(DECISION).fields.filter(({ name, type }) => name === "scope" && type === "checkbox");

  /** A person signed in who has been asked. */
  async function asked(/** @type {Record<string, string | undefined>} */ query = {}) {
    const who = await person(server);
    const browser = await signedIn(server, who);
    return { who, browser, page: await consentPage(browser, app.authorizeUrl(query)) };
  }

  /** @param {import("./support/page.mjs").Page} page */
  function assertNothingGiven(page) {
    assert.ok(page.status >= 400, `${page.status}`);
    assert.equal(page.next, undefined, "no redirect, no handing over");
    assert.ok(!page.html.includes("code="));
    assertPlain(page.text);
  }

  describe("the page", () => {
    it("says who asks, where the answer goes, as whom, and ticks each scope asked for", async () => {
      const { page, who } = await asked();
      assert.equal(page.status, 200);
      assert.match(page.heading, /Consent Tests/);
      for (const text of ["app.example", who.email, "not verified"]) assert.ok(page.text.includes(text), text);
      assert.deepEqual(scopesOn(page).map(({ value, isOn }) => [value, isOn]), SCOPES.map((scope) => [scope, true]));
      const fewer = await asked({ scope: "mcp:schema:read mcp:query:read" });
      assert.deepEqual(scopesOn(fewer.page).map(({ value }) => value).sort(), ["mcp:query:read", "mcp:schema:read"]);
    });

    it("is shown again for a person who has agreed before: another redirect, another app, and the same", async () => {
      const { who, browser } = await connected(server, { app });
      const other = await App.registered(server.url, { client_name: "Consent Tests 2" });
      for (const one of [app, other]) assert.ok((await consentPage(browser, one.authorizeUrl())).hasForm(DECISION));
      assert.ok(who.id);
    });

    it("is shown after signing in, which names the app that waits first", async () => {
      const who = await person(server);
      const browser = new Browser(server.url);
      const page = await browser.open(app.authorizeUrl());
      assert.ok(page.text.includes("Consent Tests"), "the person sees for whom they sign in");
      const consent = await signIn(browser, who, page);
      assert.ok(consent.hasForm(DECISION), consent.text.slice(0, 300));
      assert.ok(told(await decide(browser, consent)).searchParams.get("code"));
    });

    it("shows an app's words as words: no markup, no turned text", async () => {
      const hostile = await App.registered(server.url, { client_name: '</title><script>alert(1)</script><img src=x onerror=alert(1)>"\'' });
      const browser = await signedIn(server, await person(server));
      const page = await consentPage(browser, hostile.authorizeUrl());
      assert.ok(page.text.includes("<script>alert(1)</script>"), "readable");
      assert.doesNotMatch(page.html, /<script>|<img src=x/);
      const handed = await decide(browser, page);
      assert.doesNotMatch(handed.html, /<script>|<img src=x/);
    });

    it("warns of an answer that goes to this device, and does not of one that goes to a site", async () => {
      const native = await App.registered(server.url, { client_name: "Native", redirect_uris: ["http://localhost/cb"] });
      const own = await App.registered(server.url, { client_name: "Scheme", redirect_uris: ["com.example.app:/cb"] });
      const browser = await signedIn(server, await person(server));
      for (const one of [native, own]) assert.match((await consentPage(browser, one.authorizeUrl())).html, /class="notice"/);
      assert.doesNotMatch((await consentPage(browser, app.authorizeUrl())).html, /class="notice"/);
    });

    it("RFC 9700 §4.16: cannot be framed, is kept by nobody, and its address goes nowhere in a `Referer`", async () => {
      const { page, browser } = await asked();
      for (const { headers } of [page, await decide(browser, page)]) {
        const policy = headers.get("content-security-policy") ?? "";
        for (const part of ["default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'", "form-action 'self'"]) assert.ok(policy.includes(part), policy);
        assert.doesNotMatch(policy, /unsafe-inline|unsafe-eval|\*/);
        assert.equal(headers.get("x-frame-options"), "DENY");
        assert.equal(headers.get("cache-control"), "no-store");
        assert.equal(headers.get("referrer-policy"), "no-referrer");
        assert.equal(headers.get("access-control-allow-origin"), null);
      }
    });
  });

  describe("the answer", () => {
    it("RFC 6749 §4.1.2.1: no tells the app `access_denied`, with `state` and `iss`, and leaves nothing behind", async () => {
      const { page, browser, who } = await asked();
      const next = told(await decide(browser, page, { decision: "deny" }));
      assert.equal(`${next.origin}${next.pathname}`, app.redirectUri);
      const { error, state, iss, code } = Object.fromEntries(next.searchParams);
      assert.deepEqual([error, state, iss, code], ["access_denied", app.state, server.url.origin, undefined]);
      assert.equal(await codesOf(who.id), 0);
      assert.equal((await one("SELECT count(*) AS n FROM connections WHERE user_id = ?", who.id)).n, 0);
      assert.equal((await one("SELECT count(*) AS n FROM audit WHERE user_id = ? AND action = 'consent.denied'", who.id)).n, 1);
      assertNothingGiven(await decide(browser, page));
    });

    it("yes is given for the scopes left ticked, and for no other", async () => {
      const left = ["mcp:schema:read", "mcp:insights:read"];
      const { tokens } = await connected(server, { app, answer: { scopes: left } });
      assert.deepEqual(tokens.scope.split(" ").sort(), [...left].sort());
      assert.equal(claims(tokens.access_token).scope, tokens.scope);
    });

    it("yes without any scope, with one not asked for, or with one there is not, asks again and gives nothing", async () => {
      const { page, browser, who } = await asked({ scope: "mcp:schema:read" });
      for (const scopes of [[], ["mcp:schema:read", "mcp:query:read"], ["mcp:analytics:read"], ["mcp:schema:read", "admin"]]) {
        const again = await decide(browser, page, { scopes });
        assertNothingGiven(again);
        assert.ok(again.hasForm(DECISION), "the question stands");
      }
      assert.equal(await codesOf(who.id), 0);
      assert.ok(told(await decide(browser, page)).searchParams.get("code"));
    });

    it("yes is given for the projects ticked; those of somebody else are no answer", async () => {
      const [mine, ...rest] = server.tenants.projects;
      const foreign = rest.find((project) => project.organization.id !== mine.organization.id);
      assert.ok(foreign);
      const { page, browser } = await asked();
      for (const projects of [[foreign.id], [mine.id, foreign.id], ["no_such_project"]]) assertNothingGiven(await decide(browser, page, { projects }));
      const handed = await browser.submit(page, page.form(DECISION), { decision: "allow", organization: foreign.organization.id });
      assertNothingGiven(handed);
      const { tokens } = await connected(server, { app, answer: { projects: [mine.id] } });
      const { projects } = await new Mcp(server.endpoint, tokens.access_token).answer("list_projects");
      assert.deepEqual(projects.map((/** @type {any} */ { id }) => id), [mine.id]);
    });

    it("counts once: a handle replayed, a hundred times at once, gives one code", async () => {
      const { page, browser, who } = await asked();
      const pages = await Promise.all(Array.from({ length: 100 }, () => decide(browser, page)));
      const given = pages.filter((one) => one.next);
      assert.equal(given.length, 1);
      for (const one of pages) if (one !== given[0]) assertNothingGiven(one);
      assert.equal(await codesOf(who.id), 1);
      assertNothingGiven(await decide(browser, page));
      assertNothingGiven(await browser.open(page.url));
    });

    it("counts in its own browser: the link and the form are worth nothing in another, be it the same person's", async () => {
      const { page, browser, who } = await asked();
      const victim = await person(server);
      for (const other of [await signedIn(server, victim), await signedIn(server, who)]) {
        assertNothingGiven(await other.open(page.url));
        assertNothingGiven(await decide(other, page));
        // And with a waiting request of its own, so that there is a cookie.
        const own = await consentPage(other, app.authorizeUrl());
        assert.ok(own.hasForm(DECISION));
        assertNothingGiven(await decide(other, page));
        const mixed = { ...own.form(DECISION) };
        mixed.fields = mixed.fields.map((field) => (field.name === "handle" ? { ...field, value: /** @type {any} */ (page.form(DECISION).fields.find(({ name }) => name === "handle")).value } : field));
        assertNothingGiven(await other.submit(own, mixed, { decision: "allow" }));
      }
      assert.equal(await codesOf(victim.id), 0);
      assert.equal(await codesOf(who.id), 0);
      assert.ok(told(await decide(browser, page)).searchParams.get("code"), "the right one still counts");
    });

    it("counts for the person who was asked: somebody else who signs in on the same browser is asked anew", async () => {
      const { page, browser } = await asked();
      const other = await person(server);
      browser.cookies.set("__Host-sightline", /** @type {any} */ ((await signedIn(server, other)).cookies.get("__Host-sightline")));
      assertNothingGiven(await decide(browser, page));
      assert.equal(await codesOf(other.id), 0);
    });

    it("needs the form's own token: without it, with a wrong one, or from another site, nothing is given and the request still waits", async () => {
      const { page, browser, who } = await asked();
      const form = page.form(DECISION);
      for (const csrf of [undefined, "", "x", "A".repeat(43), [form.fields.find(({ name }) => name === "csrf")?.value ?? "", "x"]]) {
        assertNothingGiven(await browser.submit(page, form, { decision: "allow", csrf }));
      }
      const bare = await browser.post(DECISION, { decision: "allow" }, { origin: "https://evil.example", "sec-fetch-site": "cross-site" });
      assertNothingGiven(bare);
      assert.equal(await codesOf(who.id), 0);
      assert.ok(told(await decide(browser, page)).searchParams.get("code"));
    });

    it("is not taken by GET", async () => {
      const { page, browser, who } = await asked();
      const url = new URL(DECISION, server.url);
      for (const { name, value } of page.form(DECISION).fields) url.searchParams.append(name, value);
      url.searchParams.set("decision", "allow");
      const shown = await browser.open(url);
      assert.equal(shown.next, undefined);
      assert.equal(await codesOf(who.id), 0);
    });

    it("comes too late after ten minutes", async () => {
      const { page, browser, who } = await asked();
      const { handle_hash: hash, expires_at: end } = await one("SELECT * FROM pending_consents ORDER BY expires_at DESC LIMIT 1");
      assert.ok(Math.abs(end - Date.now() - 600_000) < 30_000);
      await run("UPDATE pending_consents SET expires_at = ? WHERE handle_hash = ?", Date.now() - 1, hash);
      assertNothingGiven(await decide(browser, page));
      assertNothingGiven(await browser.open(page.url));
      assert.equal(await codesOf(who.id), 0);
    });

    it("of a person who has been shut out, or has left, gives nothing", async () => {
      for (const sql of ["UPDATE users SET disabled_at = 1 WHERE id = ?", "DELETE FROM members WHERE user_id = ?", "DELETE FROM browser_sessions WHERE user_id = ?"]) {
        const { page, browser, who } = await asked();
        await run(sql, who.id);
        const after = await decide(browser, page);
        assert.equal(after.next, undefined, sql);
        assert.equal(await codesOf(who.id), 0, sql);
      }
    });
  });

  it("several requests wait side by side in one browser, each with its own answer", async () => {
    const browser = await signedIn(server, await person(server));
    const apps = await Promise.all(["A", "B", "C"].map((name) => App.registered(server.url, { client_name: `Side ${name}`, redirect_uris: [`https://${name.toLowerCase()}.example/cb`] })));
    const pages = [];
    for (const one of apps) pages.push(await consentPage(browser, one.authorizeUrl()));
    for (const index of [1, 0, 2]) {
      const next = told(await decide(browser, pages[index]));
      assert.equal(`${next.origin}${next.pathname}`, apps[index].redirectUri);
      assert.equal((await apps[index].redeem(next.searchParams.get("code") ?? "")).status, 200);
    }
  });

  it("is written down: who agreed to what for whom, with no secret in it", async () => {
    const { who, browser } = await connected(server, { app, answer: { scopes: ["mcp:schema:read"] } });
    const row = await one("SELECT * FROM audit WHERE user_id = ? AND action = 'consent.granted'", who.id);
    assert.deepEqual(JSON.parse(row.detail), { app: app.id, scope: "mcp:schema:read", redirectHost: "app.example" });
    assert.equal(row.organization_id, who.organizationId);
    const code = await codeFor(browser, app);
    const handle = [...browser.cookies.values()].map(({ value }) => value).filter((value) => value.length > 20);
    const logged = server.logged.join("\n");
    for (const secret of [code, who.email, ...handle]) assert.ok(!logged.includes(secret));
    assert.doesNotMatch(logged, /sl_[A-Za-z0-9_-]{43}/, "handles, codes and tokens are in no line");
  });
});
