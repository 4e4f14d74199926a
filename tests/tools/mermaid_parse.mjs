// SPDX-License-Identifier: Apache-2.0
// Read each file with mermaid, and print how many nodes and edges its flowchart has.
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import fs from "node:fs";

const [folder, ...files] = process.argv.slice(2);
const found = createRequire(`${folder}/package.json`);
const { JSDOM } = found("jsdom");
const { window } = new JSDOM("<body></body>");
globalThis.window = window;
globalThis.document = window.document;
const entry = `${folder}/node_modules/mermaid/dist/mermaid.core.mjs`;
const { default: mermaid } = await import(pathToFileURL(entry));
const rows = {};
for (const file of files) {
  const text = fs.readFileSync(file, "utf8");
  const { diagramType } = await mermaid.parse(text);
  const { db } = await mermaid.mermaidAPI.getDiagramFromText(text);
  const nodes = [...db.getVertices().values()].map(({ id, text: label }) => [id, label]);
  const edges = db.getEdges().map(({ start, end }) => [start, end]);
  rows[file] = { diagramType, nodes, edges };
}
console.log(JSON.stringify(rows));
