// People for tests: made in D1 by the same code the local server uses, and signed in with a session of their own.

import { createHash, randomBytes, randomUUID } from "node:crypto";

import { newPerson, savePerson } from "../../xtask/local/people.mjs";
import { Browser } from "./browser.mjs";

/** @typedef {import("../../xtask/local/people.mjs").Person} Person */

const DAY_MS = 24 * 60 * 60_000;

/**
 * A person nobody else uses, in the organization of the demo's first project unless told otherwise.
 *
 * @param {import("./worker.mjs").Server} server
 * @param {Partial<Omit<import("../../xtask/local/people.mjs").Membership, "sees"> & {sees: "all" | "named", name: string}>} [options]
 */
export async function person(server, { name = "Ann Example", role = "member", sees, organizationId } = {}) {
  const made = newPerson({ name, email: `${randomUUID()}@acme.example` });
  organizationId ??= server.tenants.projects[0].organization.id;
  await savePerson(server.db, made, [{ organizationId, role, sees }]);
  return { ...made, organizationId };
}

/**
 * A browser in which somebody is signed in already: the session is put into D1, since hashing a password takes its time.
 *
 * @param {import("./worker.mjs").Server} server
 * @param {Pick<Person, "id">} who
 */
export async function signedIn(server, { id }) {
  const browser = new Browser(server.url);
  const token = randomBytes(32);
  const now = Date.now();
  await server.db
    .prepare(
      `INSERT INTO browser_sessions (token_hash, id, user_id, signed_in_by, browser, created_at, last_seen_at, expires_at)
       VALUES (?, ?, ?, 'password', 'Tests', ?, ?, ?)`,
    )
    .bind(createHash("sha256").update(token).digest("hex"), randomUUID(), id, now, now, now + DAY_MS)
    .run();
  browser.cookies.set("__Host-sightline", { name: "__Host-sightline", value: token.toString("base64url"), attributes: [] });
  return browser;
}

/**
 * Signs in by the form a page shows, or by the page for it.
 *
 * @param {Browser} browser
 * @param {Pick<Person, "email" | "password">} who
 * @param {import("./page.mjs").Page} [page]
 * @param {Record<string, string>} [headers]
 */
export async function signIn(browser, { email, password }, page, headers) {
  page ??= await browser.open("/sign-in");
  return browser.submit(page, page.form("/sign-in"), { email, password }, headers);
}
