// The console's own defences: cookies, CSRF tokens, framing, where sign-in leads, what one person can do to another's things.

import assert from "node:assert/strict";
import { before, describe, it } from "node:test";

import { Browser } from "./support/browser.mjs";
import { connected } from "./support/flow.mjs";
import { Mcp } from "./support/mcp.mjs";
import { person, signIn, signedIn } from "./support/people.mjs";
import { assertPlain } from "./support/plain.mjs";
import { shipped } from "./support/worker.mjs";

/** Pages of the console, for whoever runs the organization. */
const PAGES = ["/", "/connections", "/api-clients", "/projects", "/members", "/teams", "/audit", "/account"];

const HEADERS = {
  "content-type": "text/html; charset=utf-8",
  "x-frame-options": "DENY",
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "cross-origin-opener-policy": "same-origin",
  "cache-control": "no-store",
};
const POLICY = new Map([
  ["default-src", "'none'"],
  ["style-src", "'self'"],
  ["script-src", "'self'"],
  ["img-src", "'self' data:"],
  ["form-action", "'self'"],
  ["base-uri", "'none'"],
  ["frame-ancestors", "'none'"],
]);

describe("the console", () => {
  /** @type {import("./support/worker.mjs").Server} */
  let server;
  before(async () => {
    server = await shipped();
  });

  const one = (/** @type {string} */ sql, /** @type {any[]} */ ...values) => server.db.prepare(sql).bind(...values).first();

  /** @param {Headers} headers */
  function assertGuarded(headers) {
    for (const [name, value] of Object.entries(HEADERS)) assert.equal(headers.get(name), value, name);
    const policy = (headers.get("content-security-policy") ?? "").split(";").map((part) => part.trim().split(" "));
    assert.deepEqual(new Map(policy.map(([name, ...values]) => [name, values.join(" ")])), POLICY);
    assert.equal(headers.get("access-control-allow-origin"), null);
  }

  it("RFC 9700 §4.16: sends every page, errors included, with the same policy: own files only, no frame, no script in the page", async () => {
    const browser = await signedIn(server, await person(server, { role: "owner" }));
    const outside = new Browser(server.url);
    const pages = [
      ...(await Promise.all(PAGES.map((path) => browser.open(path)))),
      ...(await Promise.all(["/", "/sign-in", "/authorize", "/authorize/decision?handle=x", "/invite/x", "/set-up"].map((path) => outside.open(path)))),
      await browser.open("/connections/no-such-page"),
      await browser.post("/connections/revoke", { id: "x" }),
      await outside.post("/sign-in", { email: "a@b.example", password: "wrong" }),
    ];
    for (const { headers, html, url } of pages) {
      assertGuarded(headers);
      assert.doesNotMatch(html, /<script(?![^>]*\bsrc=)|<style\b|\sstyle="|\son\w+="|javascript:/i, url.pathname);
      for (const [, address] of html.matchAll(/<(?:script|link|img)\b[^>]*\b(?:src|href)="([^"]*)"/g)) assert.match(address, /^\/(?!\/)|^data:image\//, address);
    }
  });

  describe("cookies", () => {
    it("are `__Host-`, `Secure`, `HttpOnly` and `SameSite=Lax`, all of them, and of no other path or domain", async () => {
      const who = await person(server);
      const browser = new Browser(server.url);
      const page = await browser.open("/sign-in?next=/account");
      const before = new Map(browser.cookies);
      await signIn(browser, who, page);
      assert.ok(before.size >= 1 && browser.cookies.size > before.size);
      for (const { name, attributes } of browser.cookies.values()) {
        assert.match(name, /^__Host-/);
        for (const attribute of ["secure", "httponly", "samesite=lax", "path=/"]) assert.ok(attributes.includes(attribute), `${name}: ${attributes}`);
        assert.ok(!attributes.some((attribute) => attribute.startsWith("domain")), name);
      }
    });

    it("change at sign-in: a session planted before is not the one after (no fixation), and signing out ends it", async () => {
      const who = await person(server);
      const browser = new Browser(server.url);
      const planted = "A".repeat(43);
      browser.cookies.set("__Host-sightline", { name: "__Host-sightline", value: planted, attributes: [] });
      await signIn(browser, who);
      const session = /** @type {any} */ (browser.cookies.get("__Host-sightline")).value;
      assert.notEqual(session, planted);
      const page = await browser.open("/account");
      await browser.submit(page, page.form("/sign-out"));
      const later = new Browser(server.url);
      later.cookies.set("__Host-sightline", { name: "__Host-sightline", value: session, attributes: [] });
      assert.ok((await later.open("/account")).hasForm("/sign-in"), "it is good no more");
    });

    it("that come twice, or are not ours, sign nobody in and break nothing", async () => {
      const browser = await signedIn(server, await person(server));
      const { value } = /** @type {any} */ (browser.cookies.get("__Host-sightline"));
      const outside = new Browser(server.url);
      for (const cookie of [`__Host-sightline=${value}; __Host-sightline=${value}`, `sightline=${value}`, `__Host-sightline="${value}"`, `__Host-sightline=${value}x`, `__host-sightline=${value}`]) {
        const page = await outside.open("/account", { cookie });
        assert.ok(page.hasForm("/sign-in"), cookie.slice(0, 40));
      }
      assert.ok(!(await browser.open("/account")).hasForm("/sign-in"));
    });
  });

  describe("forms", () => {
    it("RFC 9700 §4.7: every form that changes something carries a token, and is refused without it, with another's, and with one of before signing in", async () => {
      const who = await person(server, { role: "owner" });
      const browser = await signedIn(server, who);
      await connected(server, { who });
      const stranger = await signedIn(server, await person(server, { role: "owner" }));
      const foreign = (await stranger.open("/account")).form("/sign-out").fields.find(({ name }) => name === "csrf")?.value;
      const outside = new Browser(server.url);
      const early = (await outside.open("/sign-in")).form("/sign-in").fields.find(({ name }) => name === "csrf")?.value;
      const tried = new Set();
      for (const path of PAGES) {
        const page = await browser.open(path);
        for (const form of page.forms.filter(({ method }) => method === "post")) {
          assert.ok(form.fields.some(({ name, value }) => name === "csrf" && value.length >= 43), `${path}: ${form.action}`);
          if (tried.has(form.action)) continue;
          tried.add(form.action);
          for (const csrf of [undefined, "", foreign, early, "A".repeat(64)]) {
            const answer = await browser.submit(page, form, { csrf });
            assert.equal(answer.status, 403, `${form.action} with ${csrf}`);
            assertPlain(answer.text);
          }
        }
      }
      for (const action of ["/sign-out", "/connections/rename", "/connections/revoke", "/api-clients", "/account/password", "/members/invite", "/teams", "/projects"]) {
        assert.ok(tried.has(action), `${action} was tried`);
      }
      assert.ok(!(await browser.open("/account")).hasForm("/sign-in"), "still signed in");
      assert.equal((await one("SELECT count(*) AS n FROM connections WHERE user_id = ? AND revoked_at IS NULL", who.id)).n, 1);
    });

    it("of signing in as well: nobody is signed in to an account not their own by another site", async () => {
      const who = await person(server);
      const browser = new Browser(server.url);
      const answer = await browser.post("/sign-in", { email: who.email, password: who.password }, { origin: "https://evil.example", "sec-fetch-site": "cross-site" });
      assert.equal(answer.status, 403);
      assert.ok(!browser.cookies.has("__Host-sightline"));
    });

    it("are not taken as JSON or plain text, which another site could send", async () => {
      const who = await person(server);
      const browser = await signedIn(server, who);
      for (const type of ["application/json", "text/plain", "multipart/form-data; boundary=x"]) {
        const answer = await browser.fetch("/account/sessions/end-all", { method: "POST", body: "csrf=x", headers: { "content-type": type } });
        assert.ok(answer.status >= 400 && answer.status < 500, `${type}: ${answer.status}`);
      }
    });
  });

  describe("RFC 9700 §4.11: signing in leads to pages of this server alone", () => {
    for (const next of [
      "https://evil.example/",
      "//evil.example/",
      "/\\evil.example/",
      "\\/evil.example",
      "/\t/evil.example",
      "/\r\nLocation: https://evil.example/",
      "javascript:alert(1)",
      "https:evil.example",
      "/..//evil.example",
      "/./../evil.example",
      "/%2f/evil.example",
      "/@evil.example",
      "data:text/html,x",
    ]) {
      it(JSON.stringify(next), async () => {
        const who = await person(server);
        const browser = new Browser(server.url);
        const page = await browser.open(`/sign-in?next=${encodeURIComponent(next)}`);
        const form = page.form("/sign-in");
        for (const changes of [{}, { next }]) {
          const fresh = new Browser(server.url);
          fresh.cookies = new Map(browser.cookies);
          const after = await fresh.submit(page, form, { email: who.email, password: who.password, ...changes });
          assert.equal(after.url.origin, server.url.origin);
          assert.equal(after.next?.origin ?? server.url.origin, server.url.origin);
          assert.equal(after.headers.get("location"), null);
          assert.ok(fresh.cookies.has("__Host-sightline"), "signed in all the same");
        }
        const signed = await (await signedIn(server, who)).open(`/sign-in?next=${encodeURIComponent(next)}`);
        assert.equal(signed.next?.origin ?? server.url.origin, server.url.origin);
      });
    }
  });

  describe("what is somebody else's", () => {
    it("is neither seen nor touched: a connection of another person, of another organization, by a member", async () => {
      const victim = await connected(server);
      const foreign = server.tenants.projects.find(({ organization }) => organization.id !== victim.who.organizationId);
      assert.ok(foreign);
      const others = [await person(server), await person(server, { role: "owner", organizationId: foreign.organization.id })];
      for (const other of others) {
        const browser = await signedIn(server, other);
        await connected(server, { who: other });
        const page = await browser.open("/connections");
        assert.ok(!page.html.includes(victim.connectionId));
        for (const [action, changes] of /** @type {[string, Record<string, string>][]} */ ([["/connections/revoke", {}], ["/connections/rename", { name: "Mine" }]])) {
          const form = page.forms.find((one) => one.action === action);
          assert.ok(form);
          const answer = await browser.submit(page, form, { ...changes, id: victim.connectionId });
          assert.ok(answer.status >= 400, `${action}: ${answer.status}`);
          const unknown = await browser.submit(page, form, { ...changes, id: "con_nobody" });
          assert.deepEqual([answer.status, answer.text.replaceAll(victim.connectionId, "X")], [unknown.status, unknown.text.replaceAll("con_nobody", "X")], "as if it did not exist");
        }
      }
      assert.equal((await new Mcp(server.endpoint, victim.tokens.access_token).exchange("ping")).status, 200);
      assert.notEqual((await one("SELECT app_name FROM connections WHERE id = ?", victim.connectionId)).app_name, "Mine");
    });

    it("an admin sees the organization's connections and ends them; the app is out with its next request", async () => {
      const member = await connected(server);
      const admin = await signedIn(server, await person(server, { role: "admin" }));
      const page = await admin.open("/connections");
      const answer = await admin.submit(page, page.form("/connections/revoke", { id: member.connectionId }));
      assert.ok(answer.status < 400);
      assert.equal((await new Mcp(server.endpoint, member.tokens.access_token).exchange("ping")).status, 401);
      assert.equal((await (await member.app.refresh(member.tokens.refresh_token)).json()).error, "invalid_grant");
      assert.equal((await one("SELECT revoked_because FROM connections WHERE id = ?", member.connectionId)).revoked_because, "person");
    });

    it("pages for admins are none for members, and their forms do nothing for them", async () => {
      const member = await signedIn(server, await person(server));
      const account = await member.open("/account");
      const csrf = account.form("/sign-out").fields.find(({ name }) => name === "csrf")?.value ?? "";
      const project = server.tenants.projects[0];
      const clients = async () => (await one("SELECT count(*) AS n FROM api_clients")).n;
      const before = await clients();
      for (const path of ["/api-clients", "/members", "/teams", "/audit"]) {
        const page = await member.open(path);
        assert.ok(page.status === 403 || page.status === 404, `${path}: ${page.status}`);
      }
      for (const [path, fields] of /** @type {[string, Record<string, string>][]} */ ([
        ["/api-clients", { name: "x", reads: project.id }],
        ["/members/invite", { role: "owner", email: "x@y.example" }],
        ["/teams", { name: "x" }],
        ["/projects", { name: "x", id: "member_made" }],
      ])) {
        const answer = await member.post(path, { csrf, ...fields });
        assert.ok(answer.status >= 400, `${path}: ${answer.status}`);
      }
      assert.equal(await clients(), before);
    });
  });

  describe("signing in", () => {
    it("tells a wrong password from an unknown address by nothing, and never shows the password again", async () => {
      const who = await person(server);
      const texts = [];
      for (const [email, password] of [[who.email, "wrong password 1"], ["nobody@acme.example", "wrong password 1"]]) {
        const page = await signIn(new Browser(server.url), { email, password });
        assert.equal(page.status, 422);
        assert.ok(!page.html.includes(password));
        texts.push(page.html.replaceAll(email, "E").replace(/name="csrf" value="[^"]*"/g, ""));
      }
      assert.equal(texts[0], texts[1]);
    });

    it("slows down whoever guesses, and lets the owner in from a browser that was here before", async () => {
      const who = await person(server);
      const known = new Browser(server.url);
      await signIn(known, who);
      known.cookies.delete("__Host-sightline");
      const guesser = new Browser(server.url);
      const statuses = [];
      for (let guess = 0; guess < 9; guess += 1) statuses.push((await signIn(guesser, { email: who.email, password: `guess number ${guess}` })).status);
      assert.ok(statuses.includes(429), `${statuses}`);
      const slowed = await signIn(guesser, who);
      assert.equal(slowed.status, 429, "the right password does not help the guesser now");
      assert.ok(Number(slowed.headers.get("retry-after")) >= 1);
      await signIn(known, who);
      assert.ok(!(await known.open("/account")).hasForm("/sign-in"));
    });
  });

  it("writes no password, cookie, handle or address to the log", async () => {
    const who = await person(server);
    const browser = new Browser(server.url);
    await signIn(browser, who);
    await browser.open("/invite/a-secret-invitation");
    const logged = server.logged.join("\n");
    for (const secret of [who.password, who.email, "a-secret-invitation", ...[...browser.cookies.values()].map(({ value }) => value)]) {
      assert.ok(!logged.includes(secret));
    }
  });
});
