// SPDX-License-Identifier: Apache-2.0
// Verifies a bundle with the Sigstore verifier and a bare key: node THIS MODULES BUNDLE KEY.pub
const crypto = require("crypto");
const fs = require("fs");
const path = require("path");

const [modules, bundle, key] = process.argv.slice(2);
const { bundleFromJSON } = require(path.join(modules, "@sigstore/bundle"));
const { Verifier, toSignedEntity } = require(path.join(modules, "@sigstore/verify"));

const publicKey = crypto.createPublicKey(fs.readFileSync(key));
const trust = {
  certificateAuthorities: [],
  timestampAuthorities: [],
  tlogs: [],
  ctlogs: [],
  publicKey: () => ({ publicKey, validFor: () => true }),
};
const thresholds = { tlogThreshold: 0, ctlogThreshold: 0, tsaThreshold: 0, timestampThreshold: 0 };

try {
  const read = bundleFromJSON(JSON.parse(fs.readFileSync(bundle)));
  new Verifier(trust, thresholds).verify(toSignedEntity(read));
} catch (error) {
  console.log(error.code || error.name);
  process.exit(1);
}
console.log("verified");
