// Loads the generated demo data into local D1 and R2, once per generation of it.

import { mkdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";

import { admit } from "./keyring.mjs";
import { loadProject } from "./lake.mjs";
import { projectsIn } from "./projects.mjs";

/**
 * @param {import("./runtime.mjs").Running} worker
 * @param {string} directory what `sightline demo --to` wrote
 * @param {string} state where the bucket's content lies: a note of what was loaded is kept beside it, and goes with it
 * @param {(text: string) => void} say
 */
export async function loadDemo(worker, directory, state, say) {
  const projects = await projectsIn(directory);
  const { clients, owner } = await admit(worker.db, projects);

  const generation = await readFile(path.join(directory, ".generation"), "utf8");
  const note = path.join(state, "sightline-demo");
  const loaded = await readFile(note, "utf8").catch(() => "");
  if (loaded !== generation) {
    for (const { id } of projects) {
      const files = await loadProject(worker.lake, id, path.join(directory, id));
      say(`loaded project ${id} into the local bucket: ${files} files`);
    }
    await mkdir(state, { recursive: true });
    await writeFile(note, generation);
  }
  return { projects, clients, owner };
}
