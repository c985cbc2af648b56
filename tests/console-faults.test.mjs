// The database failing at each call of what people do at the console: a page with an id, nothing half done, nobody signed out, and the
// next try goes through.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";

import { migrate } from "../xtask/local/migrations.mjs";
import { startWorker } from "../xtask/local/runtime.mjs";
import { Browser } from "./support/browser.mjs";
import { assertUnavailablePage, atEachCall } from "./support/faulty.mjs";
import { OBSERVED } from "./support/observed.mjs";
import { person, signIn, signedIn } from "./support/people.mjs";
import { observed } from "./support/worker.mjs";

const SECRET = "a set-up secret of the tests, long enough";
const PASSWORD = "four words in a row";

/**
 * Sends a page's form, with these values, and follows no redirect.
 *
 * @param {Browser} browser
 * @param {import("./support/page.mjs").Page} page
 * @param {import("./support/page.mjs").Form} form
 * @param {Record<string, string | string[]>} changes
 * @param {Record<string, string>} headers
 */
function send(browser, page, form, changes, headers) {
  const body = new URLSearchParams();
  for (const { name, value, isOn } of form.fields) if (name && isOn && !(name in changes)) body.append(name, value);
  for (const [name, values] of Object.entries(changes)) for (const value of [values].flat()) body.append(name, value);
  return browser.fetch(new URL(form.action, page.url), { method: "POST", body, headers: { origin: browser.origin, ...headers } });
}

describe("a database failing while an organization is run", () => {
  /** @type {import("./support/worker.mjs").Server} */
  let server;
  before(async () => {
    server = await observed();
  });
  const one = (/** @type {string} */ sql, /** @type {any[]} */ ...values) => server.db.prepare(sql).bind(...values).first();

  async function invited() {
    const owner = await person(server, { role: "owner" });
    const browser = await signedIn(server, owner);
    const page = await browser.open("/members");
    const made = await browser.submit(page, page.form("/members/invite"), { role: "member", email: "" });
    const path = new URL(/id="link"[^>]*>([^<]+)</.exec(made.html)?.[1] ?? "").pathname;
    return { owner, path };
  }

  it("at each call of taking an invitation with a new account: an account and its membership, or neither", async () => {
    const prepare = async () => {
      const { path } = await invited();
      const guest = new Browser(server.url);
      const page = await guest.open(path);
      return { path, guest, page, email: `${crypto.randomUUID()}@acme.example` };
    };
    /** @typedef {Awaited<ReturnType<typeof prepare>>} State */
    const step = (/** @type {State} */ { guest, page, path, email }, /** @type {Record<string, string>} */ headers) =>
      send(guest, page, page.form(path), { name: "Guest", email, password: PASSWORD }, headers);
    await atEachCall(prepare, step, async (state, failed) => {
      if (failed.status >= 400) assertUnavailablePage(failed);
      const counted = await one(
        "SELECT (SELECT count(*) FROM users WHERE email = ?1) AS users, (SELECT count(*) FROM members m JOIN users u ON u.id = m.user_id WHERE u.email = ?1) AS members",
        state.email,
      );
      assert.equal(counted.users, counted.members, "nobody has an account without a membership");
      if (counted.users === 0) assert.ok((await step(state, {})).status < 400, "and the link is still good");
      const signed = await signIn(new Browser(server.url), { email: state.email, password: PASSWORD });
      assert.ok(signed.text.includes("Connections"), "one way or the other they get in");
    });
  });

  it("at each call of taking an invitation with the account one has", async () => {
    const prepare = async () => {
      const [{ path, owner }, elsewhere] = [await invited(), server.tenants.projects.find(({ organization }) => organization.id !== server.tenants.projects[0].organization.id)];
      const who = await person(server, { organizationId: elsewhere?.organization.id });
      const guest = await signedIn(server, who);
      return { path, guest, who, page: await guest.open(path), organizationId: owner.organizationId };
    };
    /** @typedef {Awaited<ReturnType<typeof prepare>>} State */
    const step = (/** @type {State} */ { guest, page, path }, /** @type {Record<string, string>} */ headers) => send(guest, page, page.form(path), {}, headers);
    await atEachCall(prepare, step, async (state, failed) => {
      if (failed.status >= 400) assertUnavailablePage(failed);
      const { n } = await one("SELECT count(*) AS n FROM members WHERE user_id = ? AND organization_id = ?", state.who.id, state.organizationId);
      if (n === 0) assert.ok((await step(state, {})).status < 400);
      assert.equal((await state.guest.open("/connections")).status, 200, "still signed in");
    });
  });

  const ACTIONS = /** @type {const} */ ([
    ["/members", "/members/invite", { role: "admin", email: "" }],
    ["/members", "/members/change", { role: "admin" }],
    ["/members", "/members/remove", {}],
    ["/teams", "/teams", { name: () => `Team ${crypto.randomUUID()}` }],
    ["/projects", "/projects", { name: "Made", id: () => `p-${crypto.randomUUID()}`, timezone: "Europe/Stockholm", currency: "SEK" }],
    ["/api-clients", "/api-clients", { name: "Client", reads: "*", days: "30" }],
  ]);
  for (const [from, action, values] of ACTIONS) {
    it(`at each call of ${action}: done or not done, and the page works afterwards`, async () => {
      const prepare = async () => {
        const [owner, member] = [await person(server, { role: "owner" }), await person(server)];
        const browser = await signedIn(server, owner);
        const page = await browser.open(from);
        const about = action === "/members/change" || action === "/members/remove" ? { id: member.id } : {};
        const changes = Object.fromEntries(Object.entries(values).map(([name, value]) => [name, typeof value === "function" ? value() : value]));
        return { browser, member, page, form: page.form(action, about), changes };
      };
      /** @typedef {Awaited<ReturnType<typeof prepare>>} State */
      const step = (/** @type {State} */ { browser, page, form, changes }, /** @type {Record<string, string>} */ headers) => send(browser, page, form, changes, headers);
      await atEachCall(prepare, step, async (state, failed, when) => {
        if (failed.status < 400) return;
        assertUnavailablePage(failed);
        const again = await step(state, {});
        // What was done although its answer was lost cannot be done twice: the name is taken, the member gone.
        if (again.status >= 400) assert.ok(when === "after" && [404, 422].includes(again.status), `${again.status} ${again.text.slice(0, 200)}`);
        assert.equal((await state.browser.open(from)).status, 200);
      });
    });
  }

  it("at each call of setting a forgotten password: the old one is good, or the new one, and never neither", async () => {
    const prepare = async () => {
      const [owner, who] = [await person(server, { role: "owner" }), await person(server)];
      const browser = await signedIn(server, owner);
      const members = await browser.open("/members");
      const made = await browser.submit(members, members.form("/members/reset", { id: who.id }));
      const path = new URL(/id="reset-link"[^>]*>([^<]+)</.exec(made.html)?.[1] ?? "").pathname;
      const guest = new Browser(server.url);
      return { who, guest, path, page: await guest.open(path) };
    };
    /** @typedef {Awaited<ReturnType<typeof prepare>>} State */
    const step = (/** @type {State} */ { guest, page, path }, /** @type {Record<string, string>} */ headers) => send(guest, page, page.form(path), { password: PASSWORD }, headers);
    await atEachCall(prepare, step, async (state, failed) => {
      if (failed.status >= 400) assertUnavailablePage(failed);
      const answers = [];
      for (const password of [state.who.password, PASSWORD]) answers.push((await signIn(new Browser(server.url), { email: state.who.email, password })).text.includes("Connections"));
      assert.equal(answers.filter(Boolean).length, 1);
      if (answers[0]) assert.ok((await step(state, {})).status < 400, "and the link is still good");
    });
  });

  it("at each call of changing a password: the old one is good, or the new one, and never neither", async () => {
    const prepare = async () => {
      const who = await person(server);
      const browser = await signedIn(server, who);
      return { who, browser, page: await browser.open("/account") };
    };
    /** @typedef {Awaited<ReturnType<typeof prepare>>} State */
    const step = (/** @type {State} */ { who, browser, page }, /** @type {Record<string, string>} */ headers) =>
      send(browser, page, page.form("/account/password"), { current: who.password, new: PASSWORD }, headers);
    await atEachCall(prepare, step, async ({ who }, failed) => {
      if (failed.status >= 400) assertUnavailablePage(failed);
      const answers = [];
      for (const password of [who.password, PASSWORD]) answers.push((await signIn(new Browser(server.url), { email: who.email, password })).text.includes("Connections"));
      assert.equal(answers.filter(Boolean).length, 1);
    });
  });
});

describe("a database failing while the server is set up", () => {
  /** @type {import("../xtask/local/runtime.mjs").Running} */
  let worker;
  before(async () => {
    worker = await startWorker({ vars: { SET_UP_SECRET: SECRET }, around: OBSERVED, log: () => {} });
    await migrate(worker.db);
  });
  after(() => worker.stop());

  it("at each call: an owner with an organization, or nobody, and then the form is still open", async () => {
    const prepare = async () => {
      for (const table of ["audit", "browser_sessions", "members", "passwords", "installation", "organizations", "users"]) await worker.db.prepare(`DELETE FROM ${table}`).run();
      const browser = new Browser(worker.url);
      return { browser, page: await browser.open("/set-up") };
    };
    /** @typedef {Awaited<ReturnType<typeof prepare>>} State */
    const step = (/** @type {State} */ { browser, page }, /** @type {Record<string, string>} */ headers) =>
      send(browser, page, page.form("/set-up"), { secret: SECRET, organization: "Acme", name: "Ada", email: "ada@acme.example", password: PASSWORD }, headers);
    await atEachCall(prepare, step, async (state, failed) => {
      if (failed.status >= 400) assertUnavailablePage(failed);
      const count = async (/** @type {string} */ table) => (await worker.db.prepare(`SELECT count(*) AS n FROM ${table}`).first()).n;
      const made = await count("users");
      assert.equal(made, await count("organizations"));
      assert.equal(made, await count("members"));
      if (made === 0) assert.ok((await step(state, {})).status < 400);
      const signed = await signIn(new Browser(worker.url), { email: "ada@acme.example", password: PASSWORD });
      assert.ok(signed.text.includes("Connections"));
    });
  });
});
