// The local server's API clients and its demo owner, with their secrets: `.sightline/dev.json`, never committed.
//
// Kept between starts, so that a client configured once goes on working, and a password once saved in a browser is right.

import { mkdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";

import { newClient, saveClients, saveProjects } from "./accounts.mjs";
import { newPerson, savePerson } from "./people.mjs";
import { ROOT } from "./runtime.mjs";

/** @typedef {import("./accounts.mjs").ApiClient} ApiClient */
/** @typedef {import("./accounts.mjs").Project} Project */
/** @typedef {import("./people.mjs").Person} Person */

const FILE = path.join(ROOT, ".sightline", "dev.json");

/** The same whenever it is made, so that a lost file makes a new password and not a second person of that address. */
const OWNER_ID = "demo_owner";

/**
 * Saves the projects in D1, one `read` client for each, one `root` client for each organization, and their owner.
 *
 * @param {any} db
 * @param {Project[]} projects
 * @returns {Promise<{clients: ApiClient[], owner: Person}>} the clients of these projects and organizations, and who may sign in
 */
export async function admit(db, projects) {
  const keyring = await readKeyring();
  const known = keyring.clients;
  const owner = keyring.owner ?? { ...newPerson({ name: "Demo Owner", email: "demo@sightline.example" }), id: OWNER_ID };
  const find = (/** @type {Partial<ApiClient>} */ wanted) =>
    known.find((client) => Object.entries(wanted).every(([key, value]) => client[/** @type {keyof ApiClient} */ (key)] === value));
  const ensure = (/** @type {Parameters<typeof newClient>[0]} */ wanted) => {
    const { kind, organizationId, projectId } = wanted;
    const client = find({ kind, organizationId, projectId }) ?? newClient(wanted);
    if (!known.includes(client)) known.push(client);
    return client;
  };

  const clients = projects.map((project) =>
    ensure({ kind: "read", organizationId: project.organization.id, projectId: project.id, name: `Local, ${project.name}` }),
  );
  const organizations = new Map(projects.map(({ organization }) => [organization.id, organization]));
  for (const { id, name } of organizations.values()) {
    clients.push(ensure({ kind: "root", organizationId: id, projectId: null, name: `Local, all of ${name}` }));
  }

  await saveProjects(db, projects);
  await saveClients(db, clients);
  await savePerson(db, owner, [...organizations.keys()].map((organizationId) => ({ organizationId, role: "owner" })));
  await mkdir(path.dirname(FILE), { recursive: true });
  await writeFile(FILE, `${JSON.stringify({ clients: known, owner }, null, 2)}\n`, { mode: 0o600 });
  return { clients, owner };
}

/** @returns {Promise<{clients: ApiClient[], owner?: Person}>} */
async function readKeyring() {
  try {
    return JSON.parse(await readFile(FILE, "utf8"));
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code === "ENOENT") return { clients: [] };
    throw new Error(`${FILE} cannot be read; delete it and new secrets are made`, { cause: error });
  }
}
