// A real OpenID provider with people made up as they log in, and a lever for tests: POST /lever.
//
// Who logs in as `sub=1&email=ada@corp.example&verified=yes&groups=dba,ops` is that person.

import { createServer } from 'node:http';
import { Provider } from 'oidc-provider';
import { SignJWT, decodeJwt, exportJWK, generateKeyPair } from 'jose';

process.stdin.on('end', () => process.exit()).resume();

let generation = 0;
let keys;
let provider;
// Whether people are described in the ID token, or only where the access token leads.
let describes = false;
// What happens to ID tokens: claims put over those of the provider, or another key under the same id.
let forgery = null;
// What answers are spoilt: a path and what is sent instead.
let spoilt = null;

async function newKeys(alg) {
  generation += 1;
  const { privateKey } = await generateKeyPair(alg, { extractable: true });
  return { ...(await exportJWK(privateKey)), kid: `key-${generation}`, alg, use: 'sig' };
}

// By who they are here, which never changes.
const people = new Map();

// The form of a login names a whole person; the provider is told who it is.
async function meet(request) {
  const form = Object.fromEntries(new URLSearchParams(await textOf(request)));
  if (form.login) {
    const person = new URLSearchParams(form.login);
    form.login = person.get('sub');
    people.set(form.login, person);
  }
  request.body = form;
}

function claimsOf(id) {
  const person = people.get(id);
  const claims = { sub: id };
  for (const name of ['email', 'name']) if (person.has(name)) claims[name] = person.get(name);
  if (person.has('verified')) claims.email_verified = person.get('verified') === 'yes';
  if (person.has('groups')) claims.groups = person.get('groups').split(',');
  return claims;
}

function newProvider(issuer) {
  const provider = new Provider(issuer, {
    jwks: { keys: [keys] },
    clients: [{
      client_id: 'basira',
      client_secret: 'a secret & more',
      // of a native client on the loopback interface, any port is right
      application_type: 'native',
      redirect_uris: ['http://127.0.0.1/api/v1/auth/oidc/corp/callback'],
      id_token_signed_response_alg: keys.alg,
    }],
    claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name', 'groups'] },
    conformIdTokenClaims: !describes,
    cookies: { keys: ['of a test'] },
    enabledJWA: { idTokenSigningAlgValues: ['RS256', 'PS256', 'ES256', 'EdDSA'] },
    findAccount: (_, id) => ({ accountId: id, claims: () => claimsOf(id) }),
    pkce: { required: () => true },
    ttl: { AccessToken: 600, AuthorizationCode: 60, Grant: 600, IdToken: 600, Interaction: 600, Session: 600 },
  });
  provider.use(async (context, next) => {
    await next();
    if (forgery && context.path === '/token' && context.body?.id_token) {
      context.body.id_token = await forged(context.body.id_token);
    }
  });
  return provider.callback();
}

async function forged(token) {
  const { key, ...claims } = forgery;
  const { privateKey } = key === 'foreign' ? await generateKeyPair(keys.alg) : { privateKey: keys };
  const all = { ...decodeJwt(token), ...claims };
  return new SignJWT(all).setProtectedHeader({ alg: keys.alg, kid: keys.kid }).sign(privateKey);
}

async function textOf(request) {
  let text = '';
  for await (const chunk of request) text += chunk;
  return text;
}

async function pull(request, issuer) {
  const lever = JSON.parse(await textOf(request));
  if (lever.rotate) keys = await newKeys(lever.rotate);
  describes = lever.describe ?? false;
  provider = newProvider(issuer);
  forgery = lever.forge ?? null;
  spoilt = lever.spoil ?? null;
}

const server = createServer(async (request, response) => {
  const issuer = `http://127.0.0.1:${server.address().port}`;
  const path = request.url.split('?')[0];
  if (path === '/lever') {
    await pull(request, issuer);
    response.writeHead(204).end();
  } else if (spoilt?.path === path) {
    if (spoilt.hang) return;
    response.writeHead(spoilt.status ?? 200, spoilt.headers ?? {});
    response.end(spoilt.repeat ? spoilt.body.repeat(spoilt.repeat) : spoilt.body);
  } else {
    if (request.method === 'POST' && path.startsWith('/interaction/')) await meet(request);
    provider(request, response);
  }
});

server.listen(0, '127.0.0.1', async () => {
  keys = await newKeys('RS256');
  const issuer = `http://127.0.0.1:${server.address().port}`;
  provider = newProvider(issuer);
  console.log(`issuer ${issuer}`);
});
