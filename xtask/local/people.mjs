// People who sign in with a password, in a local D1.
//
// Passwords are random, never fixed in a file that is committed, and D1 sees only their Argon2id hash, as in production.

import { randomBytes, randomUUID } from "node:crypto";

import { argon2id } from "hash-wasm";

/** The cost that `crates/accounts/src/password.rs` hashes with: a hash of another cost would be made anew at the first sign-in. */
const COST = { parallelism: 1, iterations: 2, memorySize: 19 * 1024, hashLength: 32, outputType: /** @type {const} */ ("encoded") };

/**
 * @typedef {object} Person
 * @property {string} id
 * @property {string} name
 * @property {string} email in lower case
 * @property {string} password
 */

/**
 * @typedef {object} Membership
 * @property {string} organizationId
 * @property {"owner" | "admin" | "member"} role
 * @property {"all" | "named"} [sees]
 */

/**
 * A person with a fresh password.
 *
 * @param {Pick<Person, "name" | "email">} person
 * @returns {Person}
 */
export function newPerson(person) {
  return { id: randomUUID(), ...person, password: randomBytes(15).toString("base64url") };
}

/**
 * The person, their password and their memberships, as given; what is there already is brought up to date.
 *
 * @param {any} db
 * @param {Person} person
 * @param {Membership[]} memberships
 */
export async function savePerson(db, { id, name, email, password }, memberships) {
  const now = Date.now();
  const phc = await argon2id({ ...COST, password: password.normalize("NFKC"), salt: randomBytes(16) });
  await db.batch([
    db
      .prepare(
        `INSERT INTO users (id, email, name, created_at) VALUES (?, ?, ?, ?)
         ON CONFLICT (id) DO UPDATE SET email = excluded.email, name = excluded.name, disabled_at = NULL`,
      )
      .bind(id, email, name, now),
    db
      .prepare(
        `INSERT INTO passwords (user_id, phc, changed_at) VALUES (?, ?, ?)
         ON CONFLICT (user_id) DO UPDATE SET phc = excluded.phc, changed_at = excluded.changed_at`,
      )
      .bind(id, phc, now),
    ...memberships.map(({ organizationId, role, sees = "all" }) =>
      db
        .prepare(
          `INSERT INTO members (organization_id, user_id, role, sees, created_at) VALUES (?, ?, ?, ?, ?)
           ON CONFLICT (organization_id, user_id) DO UPDATE SET role = excluded.role, sees = excluded.sees`,
        )
        .bind(organizationId, id, role, sees, now),
    ),
  ]);
}
