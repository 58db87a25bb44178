// `unified:ticketing/accounts`, for the component: credentials are injected. The page has their names alone, and the plan
// shows `***` instead of their values.

const accounts = new Map();

/** Adds an account. */
export function add(account) {
  accounts.set(account.id, account);
}

/** The import. It throws the interface's error. */
export function resolve(id) {
  const account = accounts.get(id);
  if (!account) throw { tag: 'unknown' };
  return {
    integration: account.integration,
    baseUrl: account.base_url,
    settings: Object.entries(account.settings ?? {}),
    credentials: { tag: 'injected', val: account.credentials },
  };
}
