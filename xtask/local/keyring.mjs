// The local server's API clients, with their secrets: `.sightline/dev.json`, never committed.
//
// Kept between starts, so that a client configured once goes on working.

import { mkdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";

import { newClient, saveClients, saveProjects } from "./accounts.mjs";
import { ROOT } from "./runtime.mjs";

/** @typedef {import("./accounts.mjs").ApiClient} ApiClient */
/** @typedef {import("./accounts.mjs").Project} Project */

const FILE = path.join(ROOT, ".sightline", "dev.json");

/**
 * Saves the projects in D1, and one `read` client for each and one `root` client for each organization.
 *
 * @param {any} db
 * @param {Project[]} projects
 * @returns {Promise<ApiClient[]>} the clients of these projects and organizations
 */
export async function admit(db, projects) {
  const known = await readKeyring();
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
  await mkdir(path.dirname(FILE), { recursive: true });
  await writeFile(FILE, `${JSON.stringify({ clients: known }, null, 2)}\n`, { mode: 0o600 });
  return clients;
}

/** @returns {Promise<ApiClient[]>} */
async function readKeyring() {
  try {
    return JSON.parse(await readFile(FILE, "utf8")).clients;
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code === "ENOENT") return [];
    throw new Error(`${FILE} cannot be read; delete it and new secrets are made`, { cause: error });
  }
}
