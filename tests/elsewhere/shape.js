// Conversions between the published JSON and the typed interface.

const STRINGS = ['first_name', 'last_name', 'name', 'nick_name', 'avatar'];

const camel = (name) => name.replace(/_(.)/g, (_, letter) => letter.toUpperCase());
const snake = (name) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

/** The body's members for the typed interface. */
function members(body) {
  const all = new Map(STRINGS.map((name) => [name, body[name]]));
  all.set('emails', body.emails?.map(({ email, type }) => ({ address: email, type })));
  all.set('roles', body.roles);
  all.set('custom_fields', body.custom_fields === undefined ? undefined : JSON.stringify(body.custom_fields));
  return all;
}

const remoteData = (body) => (body.remote_data === undefined ? undefined : JSON.stringify(body.remote_data));

/** A `new-user`. */
export function newUser(body) {
  const user = { remoteData: remoteData(body) };
  for (const [name, value] of members(body)) user[camel(name)] = value ?? undefined;
  return user;
}

/** A `user-changes`: an absent member keeps the value, null clears it. */
export function userChanges(body) {
  const changes = { remoteData: remoteData(body) };
  for (const [name, value] of members(body)) {
    const change = value === undefined ? { tag: 'keep' } : { tag: 'set', val: value };
    changes[camel(name)] = body[name] === null ? { tag: 'clear' } : change;
  }
  return changes;
}

/** An `operation` of `steps`: an update of the user of this id, if there is one. */
export function operation(call, id) {
  return id === undefined
    ? { tag: 'create-user', val: newUser(call.body) }
    : { tag: 'update-user', val: { id, changes: userChanges(call.body) } };
}

/** The `options` of a call. */
export function options(call) {
  return {
    format: 'unified',
    ignoreRemoteData: false,
    excludeFields: [],
    remoteQuery: [],
    collections: call.collections ?? [],
    strict: false,
  };
}

/** The published object of a response, and its warnings. The provider's JSON stays a string. */
function publishedResponse(response) {
  const body = {};
  for (const [name, value] of Object.entries(response.body.val)) {
    if (value !== undefined) body[snake(name)] = value;
  }
  if (body.emails) body.emails = body.emails.map(({ address, type }) => ({ email: address, type }));
  body.warnings = response.warnings.map(({ code, path }) => `${code} ${path}`);
  return body;
}

/** The published object of an error. */
function publishedError(error) {
  const body = { statusCode: error.status, message: error.message, code: error.code, outcome: error.outcome };
  if (error.violations.length > 0) body.violations = error.violations;
  if (error.provider) {
    body.provider_status = error.provider.status;
    body.raw_response = new TextDecoder().decode(error.provider.body);
  }
  return body;
}

/** The published object of a `result<response, error>`. */
export function publishedResult({ tag, val }) {
  return tag === 'ok' ? publishedResponse(val) : publishedError(val);
}
