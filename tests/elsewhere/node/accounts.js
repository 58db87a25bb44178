// `unified:ticketing/accounts`, for the component. Where credentials are disclosed the component authenticates; where they are
// injected it has their names alone, and the sender authenticates.

const accounts = new Map();

/** Adds an account, in the form of the accounts file. Its credentials are `injected` or `disclosed`. */
export function add(account, credentials) {
  accounts.set(account.id.toLowerCase(), { account, credentials });
}

/** The import. It throws the interface's error. */
export function resolve(id) {
  const known = accounts.get(id.toLowerCase());
  if (!known) throw { tag: 'unknown' };
  const { account, credentials } = known;
  const val = credentials === 'injected' ? Object.keys(account.credentials) : Object.entries(account.credentials);
  return {
    integration: account.integration,
    baseUrl: account.base_url,
    settings: Object.entries(account.settings ?? {}),
    credentials: { tag: credentials, val },
  };
}
