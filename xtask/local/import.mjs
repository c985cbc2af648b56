// `cargo xtask import`, once the CLI has written Parquet: loads it into local R2 and makes the project known in local D1.
//
// It needs no built Worker. A local server that runs meanwhile answers from the new data at once.

import path from "node:path";
import { parseArgs } from "node:util";

import { tokenOf } from "./accounts.mjs";
import { admit } from "./keyring.mjs";
import { loadProject } from "./lake.mjs";
import { migrate } from "./migrations.mjs";
import { WRANGLER_STATE, openState } from "./runtime.mjs";

/** Where a project goes that names no organization: its `root` token then sees the import beside the demo. */
const DEMO_ORGANIZATION = "org_northwind";

const { values } = parseArgs({
  options: {
    from: { type: "string" },
    project: { type: "string" },
    name: { type: "string" },
    organization: { type: "string" },
    timezone: { type: "string" },
  },
});
const { from, project: id } = values;
if (!from || !id) throw new Error("--from DIR and --project ID are required");

const { db, lake, stop } = await openState(WRANGLER_STATE);
try {
  await migrate(db);
  const { clients } = await admit(db, [await projectRow(db)]);
  const files = await loadProject(lake, id, path.join(from, id));
  const client = clients.find(({ projectId }) => projectId === id);
  if (!client) throw new Error(`no API client was made for project ${id}`);
  console.log(`Project ${id}: ${files} files in the local bucket.\nIts token: ${tokenOf(client)}`);
} finally {
  await stop();
}

/**
 * The project as D1 has it, with what was given now on top.
 *
 * @param {any} db
 * @returns {Promise<import("./accounts.mjs").Project>}
 */
async function projectRow(db) {
  const row = await db
    .prepare(
      `SELECT p.*, o.name AS organization_name FROM projects p JOIN organizations o ON o.id = p.organization_id WHERE p.id = ?`,
    )
    .bind(id)
    .first();
  if (row && values.organization && values.organization !== row.organization_id) {
    throw new Error(`project ${id} belongs to organization ${row.organization_id}, not to ${values.organization}`);
  }
  const organizationId = row?.organization_id ?? values.organization ?? DEMO_ORGANIZATION;
  const organization = await db.prepare("SELECT id, name FROM organizations WHERE id = ?").bind(organizationId).first();
  return {
    id: /** @type {string} */ (id),
    name: values.name ?? row?.name ?? id,
    organization: organization ?? { id: organizationId, name: organizationId },
    domain: row?.domain ?? null,
    types: row ? JSON.parse(row.types) : ["website"],
    timezone: values.timezone ?? row?.timezone ?? "UTC",
    currency: row?.currency ?? "USD",
    week_start: row?.week_start ?? "monday",
  };
}
