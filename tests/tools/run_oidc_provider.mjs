// SPDX-License-Identifier: Apache-2.0
// Serves oidc-provider, a certified OpenID provider, on loopback, with one client and any user.
//   node run_oidc_provider.mjs FOLDER PORT REDIRECT_URI
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const [folder, port, redirect] = process.argv.slice(2);
const require = createRequire(`${folder}/package.json`);
const { Provider } = await import(pathToFileURL(require.resolve("oidc-provider")));

const provider = new Provider(`http://127.0.0.1:${port}`, {
  clients: [
    {
      client_id: "the gateway",
      client_secret: "a secret with : and %",
      redirect_uris: [redirect],
      require_auth_time: true,
    },
  ],
  pkce: { required: () => true },
  conformIdTokenClaims: false,
  claims: {
    openid: ["sub"],
    profile: ["name", "preferred_username"],
    email: ["email", "email_verified"],
  },
  findAccount: (_, id) => ({
    accountId: id,
    claims: () => ({
      sub: id,
      name: `${id} of the provider`,
      preferred_username: id,
      email: `${id}@example.org`,
      email_verified: true,
    }),
  }),
});
provider.listen(Number(port), "127.0.0.1", () => console.log("ready"));
