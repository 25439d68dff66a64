// An OpenID provider on loopback, over TLS: npm's oidc-provider, with its forms for development.
// Arguments: a JSON object with `cert` and `key` (files), and `idTokenSeconds`. Prints its port.

import { readFileSync } from "node:fs";
import { createServer } from "node:https";
import Provider from "oidc-provider";

const given = JSON.parse(process.argv[2]);
const server = createServer({ cert: readFileSync(given.cert), key: readFileSync(given.key) });
await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
const issuer = `https://127.0.0.1:${server.address().port}`;

const native = {
  application_type: "native",
  token_endpoint_auth_method: "none",
  redirect_uris: ["http://127.0.0.1/callback"],
  response_types: ["code"],
};
const grants = ["authorization_code", "urn:ietf:params:oauth:grant-type:device_code"];

/** People by their name at the login form: `ana` has the email ana@example.com. */
const findAccount = (_, id) => ({
  accountId: id,
  claims: () => ({ sub: id, email: `${id}@example.com`, team: "search" }),
});

const provider = new Provider(issuer, {
  clients: [
    { ...native, client_id: "claude", grant_types: [...grants, "refresh_token"] },
    { ...native, client_id: "claude-on-bedrock", grant_types: [...grants, "refresh_token"] },
    { ...native, client_id: "no-refresh", grant_types: grants },
    {
      ...native,
      client_id: "with-secret",
      client_secret: "not-confidential",
      token_endpoint_auth_method: "client_secret_post",
      grant_types: [...grants, "refresh_token"],
    },
  ],
  claims: { email: ["email"], profile: ["team"] },
  conformIdTokenClaims: false,
  cookies: { keys: ["of-a-test"] },
  features: {
    deviceFlow: { enabled: true },
    devInteractions: { enabled: true },
    revocation: { enabled: true },
    resourceIndicators: {
      enabled: true,
      defaultResource: () => undefined,
      getResourceServerInfo: (_, resource) => ({
        scope: "call",
        audience: resource,
        accessTokenFormat: "jwt",
      }),
      useGrantedResource: () => true,
    },
  },
  findAccount,
  // As a native client's, without the consent that OpenID asks for offline_access.
  issueRefreshToken: (_, client) => client.grantTypeAllowed("refresh_token"),
  ttl: { IdToken: given.idTokenSeconds, AccessToken: given.idTokenSeconds, RefreshToken: 3600 },
});
provider.on("server_error", (_, error) => console.error(error));
server.on("request", provider.callback());
process.stdin.on("end", () => process.exit()).resume(); // ends with the test, however that ends
console.log(server.address().port);
