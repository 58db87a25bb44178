// `unified:ticketing/accounts`, for the component: credentials are disclosed, the component authenticates.

const accounts = new Map();

/** Makes an account known, in the form of the accounts file. */
export function add(account) {
  accounts.set(account.id.toLowerCase(), account);
}

/** The import itself. What it throws is the interface's error. */
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
