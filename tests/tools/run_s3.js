// SPDX-License-Identifier: Apache-2.0
// A server that speaks S3, with one bucket: node run_s3.js MODULES FOLDER PORT BUCKET
"use strict";

const [modules, directory, port, bucket] = process.argv.slice(2);
const S3rver = require(`${modules}/node_modules/s3rver`);

new S3rver({
  address: "127.0.0.1",
  port: Number(port),
  directory,
  silent: true,
  allowMismatchedSignatures: false,
  configureBuckets: [{ name: bucket, configs: [] }],
})
  .run()
  .then(() => console.log("ready"));
