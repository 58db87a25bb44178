// `unified:ticketing/accounts`, for the component: credentials are disclosed, the component authenticates.

const accounts = new Map();

/** Adds an account, in the form of the accounts file. */
export function add(account) {
  accounts.set(account.id.toLowerCase(), account);
}

/** The import. It throws the interface's error. */
export function resolve(id) {
  const account = accounts.get(id.toLowerCase());
  if (!account) throw { tag: 'unknown' };
  return {
    integration: account.integration,
    baseUrl: account.base_url,
    settings: Object.entries(account.settings ?? {}),
    credentials: { tag: 'disclosed', val: Object.entries(account.credentials) },
  };
}
