// Projects lying in a folder: what `sightline demo --to` writes, and what the oracle's data sets look like.

import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import path from "node:path";

/** @typedef {import("./accounts.mjs").Project} Project */

/**
 * The projects a folder describes, in `projects.json` or `demo.json`.
 *
 * @param {string} folder
 * @returns {Promise<Project[]>}
 */
export async function projectsIn(folder) {
  const name = ["projects.json", "demo.json"].find((file) => existsSync(path.join(folder, file)));
  if (!name) throw new Error(`${folder} has neither projects.json nor demo.json`);
  const described = JSON.parse(await readFile(path.join(folder, name), "utf8"));
  const organizations = new Map((described.organizations ?? []).map((/** @type {any} */ one) => [one.id, one]));
  return described.projects.map((/** @type {any} */ project) => {
    const organization = project.organization ?? organizations.get(project.organization_id);
    if (!organization) throw new Error(`${folder}/${name}: project ${project.id} has no organization`);
    return { ...project, organization: { id: organization.id, name: organization.name } };
  });
}
