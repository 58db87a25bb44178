// `unified:ticketing/accounts`, for the component: credentials are injected. The page knows their names alone, as a page
// should, and the plan shows `***` where they belong.

const accounts = new Map();

/** Makes an account known. */
export function add(account) {
  accounts.set(account.id, account);
}

/** The import itself. What it throws is the interface's error. */
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
