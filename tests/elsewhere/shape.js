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

/** A `user-query`. */
export function userQuery({ email, cursor, limit } = {}) {
  return { email, cursor: cursor ?? undefined, limit };
}

/** An `operation` of `steps`. */
export function operation(call) {
  switch (call.operation) {
    case 'create-user':
      return { tag: call.operation, val: newUser(call.body) };
    case 'update-user':
      return { tag: call.operation, val: { id: call.id, changes: userChanges(call.body) } };
    case 'list-users':
      return { tag: call.operation, val: userQuery(call.query) };
    default:
      return { tag: call.operation, val: call.id };
  }
}

/** The call with the values that earlier responses have, by the names of their calls: `id` for `user`, and the cursor `after` a page. */
export function resolved(call, responses) {
  const { user, query } = call;
  const made = { ...call };
  if (user !== undefined) made.id = responses.get(user)?.id ?? user;
  if (query?.after !== undefined) made.query = { ...query, cursor: responses.get(query.after)?.next_cursor };
  return made;
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
    ifExists: 'fail',
    settle: true,
    resend: false,
  };
}

/** A `begun`: the call begins now. */
export function begun() {
  return { tag: 'now', val: new Date().toISOString() };
}

/** The published object of a user. The provider's JSON stays a string. */
function publishedUser(user) {
  const body = {};
  for (const [name, value] of Object.entries(user)) {
    if (value !== undefined) body[snake(name)] = value;
  }
  if (body.emails) body.emails = body.emails.map(({ address, type }) => ({ email: address, type }));
  return body;
}

/** The published object of a `body`. */
function publishedBody({ tag, val }) {
  switch (tag) {
    case 'user':
      return publishedUser(val);
    case 'users':
      return {
        result: val.users.map(publishedUser),
        next_cursor: val.nextCursor ?? null,
        prev_cursor: null,
        result_count: val.users.length,
      };
    case 'deleted':
      return { id: val };
    default:
      throw new Error(`a body that was not asked for: ${tag}`);
  }
}

/** The published object of a response, its warnings, and what the call did. */
function publishedResponse({ body, result, warnings }) {
  return { ...publishedBody(body), warnings: warnings.map(({ code, path }) => `${code} ${path}`), did: result };
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
