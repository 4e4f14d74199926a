// SPDX-License-Identifier: Apache-2.0
// Do what actions.json in a folder says with the npm client of the Hub, and write outcomes.json
// beside it. Arguments: folder of its modules, folder of the actions.
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const [modules, folder] = process.argv.slice(2);
const require = createRequire(pathToFileURL(`${modules}/index.js`));
const hub = require("@huggingface/hub");
const hubUrl = process.env.HF_ENDPOINT;
const digest = (bytes) => createHash("sha256").update(Buffer.from(bytes)).digest("hex");

async function collect(rows) {
  const found = [];
  for await (const row of rows) found.push(row);
  return found;
}

const ACTIONS = {
  whoami: async (access) => (await hub.whoAmI(access)).name,
  models: async (access, owner) =>
    (await collect(hub.listModels({ ...access, search: { owner } }))).map((row) => row.name).sort(),
  info: async (access, name) => (await hub.modelInfo({ ...access, name, additionalFields: ["sha"] })).sha,
  list_files: async (access, repo) =>
    (await collect(hub.listFiles({ ...access, repo, recursive: true }))).map((row) => row.path).sort(),
  file_exists: async (access, repo, path) => hub.fileExists({ ...access, repo, path }),
  access: async (access, repo) => {
    await hub.checkRepoAccess({ ...access, repo: { type: "model", name: repo } });
    return true;
  },
  download: async (access, repo, path) => {
    const file = await hub.downloadFile({ ...access, repo, path });
    return file && digest(await file.arrayBuffer());
  },
  slice: async (access, repo, path, start, end) => {
    const file = await hub.downloadFile({ ...access, repo, path });
    return digest(await file.slice(start, end).arrayBuffer());
  },
  snapshot: async (access, repo) => {
    const place = await hub.snapshotDownload({ ...access, repo, cacheDir: `${folder}/cache` });
    return digest(readFileSync(`${place}/model.safetensors`));
  },
};

const outcomes = [];
for (const [number, [name, words, options]] of JSON.parse(readFileSync(`${folder}/actions.json`)).entries()) {
  await fetch(`${hubUrl}/-/${number}`);
  const accessToken = options.token || process.env.HF_TOKEN;
  try {
    outcomes.push({ found: (await ACTIONS[name]({ hubUrl, accessToken }, ...words)) ?? null });
  } catch (error) {
    const said = `${error.message} ${error.statusCode ?? ""}`;
    outcomes.push({ error: error.constructor.name, kinds: [error.constructor.name], said });
  }
}
writeFileSync(`${folder}/outcomes.json`, JSON.stringify(outcomes));
