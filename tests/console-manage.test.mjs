// What people do at the console: set-up, invitations, members, teams, projects, API clients, accounts, counts. In workerd, by the pages' own forms.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";

import { migrate } from "../xtask/local/migrations.mjs";
import { startWorker } from "../xtask/local/runtime.mjs";
import { Browser } from "./support/browser.mjs";
import { connected } from "./support/flow.mjs";
import { Mcp } from "./support/mcp.mjs";
import { person, signIn, signedIn } from "./support/people.mjs";
import { shipped } from "./support/worker.mjs";

const SECRET = "a set-up secret of the tests, long enough";
const PASSWORD = "four words in a row";

describe("setting up", () => {
  /** @type {import("../xtask/local/runtime.mjs").Running} */
  let worker;
  before(async () => {
    worker = await startWorker({ vars: { SET_UP_SECRET: SECRET, BRAND_NAME: "Acme Insights", BRAND_COLOUR: "#123456" }, log: () => {} });
    await migrate(worker.db);
  });
  after(() => worker.stop());

  const fields = (/** @type {Record<string, string>} */ changes = {}) => ({
    secret: SECRET,
    organization: "Acme",
    name: "Ada",
    email: "ada@acme.example",
    password: PASSWORD,
    ...changes,
  });

  it("needs the secret, makes one owner of many at once, and is closed afterwards", async () => {
    const browser = new Browser(worker.url);
    const page = await browser.open("/set-up");
    assert.equal(page.heading, "Set up Acme Insights");
    const wrong = await browser.submit(page, page.form("/set-up"), fields({ secret: "another secret, long enough too" }));
    assert.equal(wrong.status, 403);
    const weak = await browser.submit(page, page.form("/set-up"), fields({ password: "short" }));
    assert.equal(weak.status, 422);
    assert.ok(!weak.html.includes("short\"") && weak.html.includes("ada@acme.example"));
    const answers = await Promise.all(
      Array.from({ length: 5 }, (_, index) => browser.submit(page, page.form("/set-up"), fields({ email: `owner${index}@acme.example` }))),
    );
    assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 403, 403, 403, 403]);
    assert.equal((await worker.db.prepare("SELECT count(*) AS n FROM users").first()).n, 1);
    assert.equal((await worker.db.prepare("SELECT count(*) AS n FROM members WHERE role = 'owner'").first()).n, 1);
    assert.equal((await new Browser(worker.url).open("/set-up")).status, 404);
    assert.ok((await browser.open("/members")).text.includes("Owner"));
  });

  it("lets a locked-out owner in by the secret, and nobody without it", async () => {
    const email = (await worker.db.prepare("SELECT email FROM users").first()).email;
    const browser = new Browser(worker.url);
    const page = await browser.open("/reset");
    for (const changes of [{ secret: "another secret, long enough too", email }, { secret: SECRET, email: "nobody@acme.example" }]) {
      const refused = await browser.submit(page, page.form("/reset"), changes);
      assert.equal(refused.status, 422);
      assert.ok(!refused.html.includes(changes.secret));
    }
    const opened = await browser.submit(page, page.form("/reset"), { secret: SECRET, email });
    assert.equal(opened.heading, "Set a new password");
    const set = await browser.submit(opened, opened.form(opened.url.pathname), { password: "four other words in a row" });
    assert.equal(set.status, 200);
    assert.ok((await signIn(new Browser(worker.url), { email, password: "four other words in a row" })).text.includes("Connections"));
  });

  it("its files are served in the brand's colour, and may be kept", async () => {
    for (const [path, type, words] of [
      ["/assets/console.css", "text/css", "--accent:#123456"],
      ["/assets/console.js", "text/javascript", "copy"],
      ["/assets/icon.svg", "image/svg+xml", "#123456"],
    ]) {
      const answer = await fetch(new URL(path, worker.url));
      assert.equal(answer.status, 200);
      assert.ok(answer.headers.get("content-type")?.startsWith(type));
      assert.equal(answer.headers.get("cache-control"), "public, max-age=3600");
      assert.ok((await answer.text()).includes(words), path);
    }
  });
});

describe("running an organization", () => {
  /** @type {import("./support/worker.mjs").Server} */
  let server;
  before(async () => {
    server = await shipped();
  });
  const one = (/** @type {string} */ sql, /** @type {any[]} */ ...values) => server.db.prepare(sql).bind(...values).first();

  async function owner() {
    const who = await person(server, { role: "owner" });
    return { who, browser: await signedIn(server, who) };
  }

  it("an invitation lets one person in, who sees what it names, and is worth nothing twice", async () => {
    const { browser } = await owner();
    const project = server.tenants.projects[0];
    const page = await browser.open("/members");
    const made = await browser.submit(page, page.form("/members/invite"), { role: "member", sees: "named", project: [project.id], email: "" });
    assert.equal(made.status, 200);
    const link = /id="link"[^>]*>([^<]+)</.exec(made.html)?.[1] ?? "";
    const path = new URL(link).pathname;
    const guests = [new Browser(server.url), new Browser(server.url)];
    const opened = await Promise.all(guests.map((guest) => guest.open(path)));
    const taken = await Promise.all(
      guests.map((guest, index) =>
        guest.submit(opened[index], opened[index].form(path), { name: `Guest ${index}`, email: `${crypto.randomUUID()}@acme.example`, password: PASSWORD }),
      ),
    );
    assert.deepEqual(taken.map(({ status }) => status).sort(), [200, 404]);
    const winner = guests[taken.findIndex(({ status }) => status === 200)];
    const projects = await winner.open("/projects");
    assert.deepEqual([...projects.html.matchAll(/<code>([^<]+)<\/code>/g)].map(([, id]) => id), [project.id]);
    assert.equal((await winner.open("/members")).status, 403);
    assert.equal((await new Browser(server.url).open(path)).status, 404);
  });

  it("an invitation is taken with the account one has; a revoked one by nobody", async () => {
    const { browser } = await owner();
    const other = server.tenants.projects.find(({ organization }) => organization.id !== server.tenants.projects[0].organization.id);
    const guest = await signedIn(server, await person(server, { organizationId: other?.organization.id }));
    for (const revoked of [false, true]) {
      const page = await browser.open("/members");
      const made = await browser.submit(page, page.form("/members/invite"), { role: "admin", email: "" });
      const path = new URL(/id="link"[^>]*>([^<]+)</.exec(made.html)?.[1] ?? "").pathname;
      if (revoked) {
        const fresh = await browser.open("/members");
        const id = (await one("SELECT id FROM invitations ORDER BY created_at DESC LIMIT 1")).id;
        await browser.submit(fresh, fresh.form("/members/revoke-invitation", { id }));
        assert.equal((await guest.open(path)).status, 404);
        continue;
      }
      const opened = await guest.open(path);
      const joined = await guest.submit(opened, opened.form(path));
      assert.equal(joined.status, 200);
      const home = await guest.open("/connections");
      assert.ok(home.hasForm("/organization"), "there is something to choose now");
      const organization = server.tenants.projects[0].organization.id;
      await guest.submit(home, home.form("/organization"), { organization });
      assert.equal((await guest.open("/members")).status, 200, "admin there");
      const foreign = await guest.submit(home, home.form("/organization"), { organization: "nobodys" });
      assert.equal(foreign.status, 404);
    }
  });

  it("a member is promoted, demoted, shown less, removed; their connection ends and does not come back", async () => {
    const { browser, who } = await owner();
    const member = await connected(server);
    const id = member.who.id;
    const change = async (/** @type {Record<string, string | string[]>} */ changes) => {
      const page = await browser.open("/members");
      return browser.submit(page, page.form("/members/change", { id }), { id, ...changes });
    };
    assert.equal((await change({ role: "admin" })).status, 200);
    assert.equal((await one("SELECT role FROM members WHERE user_id = ?", id)).role, "admin");
    assert.equal((await change({ role: "member" })).status, 200);
    const project = server.tenants.projects[0];
    assert.equal((await change({ role: "member", sees: "named", project: [project.id] })).status, 200);
    const mcp = new Mcp(server.endpoint, member.tokens.access_token);
    const { projects } = await mcp.answer("list_projects");
    assert.deepEqual(projects.map((/** @type {any} */ one) => one.id), [project.id]);

    const page = await browser.open("/members");
    assert.equal((await browser.submit(page, page.form("/members/remove", { id }))).status, 200);
    assert.equal((await mcp.exchange("ping")).status, 401);
    await server.db.prepare("INSERT INTO members (organization_id, user_id, role, sees, created_at) VALUES (?, ?, 'member', 'all', 1)").bind(who.organizationId, id).run();
    assert.equal((await mcp.exchange("ping")).status, 401, "coming back brings no old connection back");
  });

  it("whoever forgot their password is given a link by somebody above them, once, and the old password is out", async () => {
    const { browser, who } = await owner();
    const member = await person(server);
    const before = await signedIn(server, member);
    const page = await browser.open("/members");
    const made = await browser.submit(page, page.form("/members/reset", { id: member.id }));
    const path = new URL(/id="reset-link"[^>]*>([^<]+)</.exec(made.html)?.[1] ?? "").pathname;
    const fresh = new Browser(server.url);
    const opened = await fresh.open(path);
    assert.ok(opened.text.includes(member.email));
    assert.equal((await fresh.submit(opened, opened.form(path), { password: "short" })).status, 422);
    const set = await fresh.submit(opened, opened.form(path), { password: PASSWORD });
    assert.equal(set.status, 200);
    assert.equal(set.heading, "Account");
    assert.ok((await before.open("/account")).hasForm("/sign-in"), "other browsers are out");
    assert.equal((await new Browser(server.url).open(path)).status, 404, "it was used");
    assert.ok((await signIn(new Browser(server.url), { email: member.email, password: PASSWORD })).text.includes("Connections"));
    const admin = await signedIn(server, await person(server, { role: "admin" }));
    const seen = await admin.open("/members");
    assert.throws(() => seen.form("/members/reset", { id: who.id }), "no button for an owner");
    const form = seen.form("/members/reset");
    const refused = await admin.submit(seen, form, { id: who.id });
    assert.equal(refused.status, 422);
    assert.equal((await one("SELECT count(*) AS n FROM password_resets WHERE user_id = ?", who.id)).n, 0);
    const audit = await browser.open("/audit");
    for (const words of ["Password link made", "Password set by link"]) assert.ok(audit.text.includes(words), words);
  });

  it("a team shows its projects; deleting it takes them away", async () => {
    const { browser } = await owner();
    const member = await person(server, { sees: "named" });
    const seen = await signedIn(server, member);
    const project = server.tenants.projects[0];
    const page = await browser.open("/teams");
    const name = `Team ${crypto.randomUUID()}`;
    assert.equal((await browser.submit(page, page.form("/teams"), { name })).status, 200);
    assert.equal((await browser.submit(page, page.form("/teams"), { name })).status, 422, "the name is taken");
    const { id } = await one("SELECT id FROM teams WHERE name = ?", name);
    const made = await browser.open("/teams");
    await browser.submit(made, made.form("/teams/change", { id }), { member: [member.id], project: [project.id] });
    assert.ok((await seen.open("/projects")).html.includes(`<code>${project.id}</code>`));
    const changed = await browser.open("/teams");
    await browser.submit(changed, changed.form("/teams/delete", { id }));
    assert.ok(!(await seen.open("/projects")).html.includes(`<code>${project.id}</code>`));
  });

  it("a project is made, renamed and archived; one with another's data, or a bad name, is not", async () => {
    const { browser } = await owner();
    const id = `p-${crypto.randomUUID()}`;
    const page = await browser.open("/projects");
    const make = (/** @type {Record<string, string>} */ changes) => browser.submit(page, page.form("/projects"), { name: "Made", id, timezone: "Europe/Stockholm", currency: "sek", ...changes });
    for (const bad of [{ id: "../x" }, { timezone: "Mars/One" }, { currency: "kr" }, { name: "" }]) assert.ok((await make(bad)).status >= 400, JSON.stringify(bad));
    await server.lake.put(`${id}/events/x.parquet`, "x");
    assert.equal((await make({})).status, 400, "a folder that holds data");
    await server.lake.delete(`${id}/events/x.parquet`);
    assert.equal((await make({})).status, 200);
    assert.equal((await make({})).status, 422, "the id is taken");
    const made = await browser.open("/projects");
    await browser.submit(made, made.form("/projects/rename", { id }), { name: "Renamed" });
    const renamed = await browser.open("/projects");
    assert.ok(renamed.text.includes("Renamed") && renamed.text.includes("SEK"));
    await browser.submit(renamed, renamed.form("/projects/archive", { id }));
    assert.ok(!(await browser.open("/projects")).html.includes(id));
  });

  it("an API client is made for what it may read, limited, revoked, each seen by its next request", async () => {
    const { browser } = await owner();
    const page = await browser.open("/api-clients");
    const name = `Client ${crypto.randomUUID()}`;
    const project = server.tenants.projects[0];
    const foreign = server.tenants.projects.find(({ organization }) => organization.id !== project.organization.id);
    const refused = await browser.submit(page, page.form("/api-clients"), { name, reads: foreign?.id, days: "" });
    assert.equal(refused.status, 404, "another organization's project");
    const made = await browser.submit(page, page.form("/api-clients"), { name, reads: project.id, days: "30" });
    const token = /id="token"[^>]*>([^<]+)</.exec(made.html)?.[1] ?? "";
    const mcp = new Mcp(server.endpoint, token);
    assert.match((await mcp.exchange("ping")).headers.get("ratelimit-policy") ?? "", /q=60/);
    const { id } = await one("SELECT id FROM api_clients WHERE name = ?", name);
    const listed = await browser.open("/api-clients");
    await browser.submit(listed, listed.form("/api-clients/limit", { id }), { requests: "7" });
    assert.match((await mcp.exchange("ping")).headers.get("ratelimit-policy") ?? "", /q=7/);
    await browser.submit(listed, listed.form("/api-clients/revoke", { id }));
    assert.equal((await mcp.exchange("ping")).status, 401);
    const { audit } = { audit: await browser.open("/audit") };
    for (const words of ["API client created", "API client limited", "API client revoked", name]) assert.ok(audit.text.includes(words), words);
  });

  it("the password is changed with the current one, and other browsers are out", async () => {
    const who = await person(server);
    const [here, there] = [new Browser(server.url), await signedIn(server, who)];
    await signIn(here, who);
    const page = await here.open("/account");
    const wrong = await here.submit(page, page.form("/account/password"), { current: "not it at all", new: PASSWORD });
    assert.equal(wrong.status, 422);
    const changed = await here.submit(page, page.form("/account/password"), { current: who.password, new: PASSWORD });
    assert.equal(changed.status, 200);
    assert.ok(!(await here.open("/account")).hasForm("/sign-in"));
    assert.ok((await there.open("/account")).hasForm("/sign-in"));
    assert.ok((await signIn(new Browser(server.url), { email: who.email, password: PASSWORD })).text.includes("Connections"));
  });

  it("sessions are ended one by one, and all", async () => {
    const who = await person(server);
    const [here, there] = [await signedIn(server, who), await signedIn(server, who)];
    const page = await here.open("/account");
    await here.submit(page, page.form("/account/sessions/end"));
    assert.ok((await there.open("/account")).hasForm("/sign-in"));
    const again = await here.open("/account");
    await here.submit(again, again.form("/account/sessions/end-all"));
    assert.ok((await here.open("/account")).hasForm("/sign-in"));
  });

  it("requests are counted by day once their minute is over, and the scheduled run keeps what is not old", { timeout: 150_000 }, async () => {
    const { connectionId, tokens, browser } = await connected(server);
    const mcp = new Mcp(server.endpoint, tokens.access_token);
    for (let sent = 0; sent < 3; sent += 1) assert.equal((await mcp.exchange("ping")).status, 200);
    let row;
    for (const end = Date.now() + 100_000; !row && Date.now() < end; ) {
      await new Promise((resolve) => setTimeout(resolve, 2000));
      row = await one("SELECT requests FROM requests_by_day WHERE subject = ?", `connection:${connectionId}`);
    }
    assert.equal(row?.requests, 3);
    const connection = await one("SELECT requests, last_used_at FROM connections WHERE id = ?", connectionId);
    assert.equal(connection.requests, 3);
    assert.ok(Math.abs(connection.last_used_at - Date.now()) < 110_000);
    await server.db.prepare("INSERT INTO requests_by_day VALUES ('connection:old', 1, 1)").run();
    await server.scheduled();
    assert.equal((await one("SELECT count(*) AS n FROM requests_by_day WHERE subject = 'connection:old'")).n, 0);
    assert.match((await browser.open("/connections")).text, /3 requests in 30 days/);
  });
});
