// Organizations, projects and API clients for a test: made in D1 by the same code the local server uses.

import { newClient, saveClients, saveProjects, tokenOf } from "../../xtask/local/accounts.mjs";
import { loadProject } from "../../xtask/local/lake.mjs";
import { projectsIn } from "../../xtask/local/projects.mjs";

import path from "node:path";

/** @typedef {import("../../xtask/local/accounts.mjs").Project} Project */

/**
 * @typedef {object} Tenants
 * @property {Project[]} projects
 * @property {Record<string, string>} tokens project id → token of its `read` client
 * @property {Record<string, string>} roots organization id → token of its `root` client
 */

/**
 * Loads folders of projects, files and accounts.
 *
 * @param {import("../../xtask/local/runtime.mjs").Running} worker
 * @param {string[]} folders
 * @returns {Promise<Tenants>}
 */
export async function loadTenants(worker, folders) {
  const projects = [];
  for (const folder of folders) {
    for (const project of await projectsIn(folder)) {
      await loadProject(worker.lake, project.id, path.join(folder, project.id));
      projects.push(project);
    }
  }
  return admitAll(worker.db, projects);
}

/**
 * @param {any} db
 * @param {Project[]} projects
 * @returns {Promise<Tenants>}
 */
export async function admitAll(db, projects) {
  await saveProjects(db, projects);
  /** @type {Tenants} */
  const tenants = { projects, tokens: {}, roots: {} };
  for (const { id, organization } of projects) {
    tenants.tokens[id] = await newToken(db, { kind: "read", organizationId: organization.id, projectId: id });
    tenants.roots[organization.id] ??= await newToken(db, { kind: "root", organizationId: organization.id, projectId: null });
  }
  return tenants;
}

/** What clients of tests may ask in a minute: all files of a run share them, and only one of those is about limits. */
const REQUESTS_PER_MINUTE = 60_000;

/**
 * The token of a client made for the occasion.
 *
 * @param {any} db
 * @param {Pick<import("../../xtask/local/accounts.mjs").ApiClient, "kind" | "organizationId" | "projectId">} client
 * @param {Parameters<typeof saveClients>[2]} [terms]
 */
export async function newToken(db, client, terms) {
  const made = newClient({ name: "Test", ...client });
  await saveClients(db, [made], { requestsPerMinute: REQUESTS_PER_MINUTE, ...terms });
  return tokenOf(made);
}
