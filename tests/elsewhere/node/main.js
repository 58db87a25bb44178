// Makes every call by the component's typed interface. The component sends by `wasi:http`.

import { readFileSync } from 'node:fs';

import * as accounts from './accounts.js';
import { users } from './build/ticketing.js';
import { newUser, options, publishedResult, userChanges } from '../shape.js';

const { accounts: all, calls } = JSON.parse(readFileSync(0, 'utf8'));
all.forEach(accounts.add);

const created = new Map();
const responses = calls.map((call) => {
  const { id } = all.find(({ name }) => name === call.account);
  const response = publishedResult(() =>
    call.update === undefined
      ? users.createUser(id, newUser(call.body), options(call))
      : users.updateUser(id, created.get(call.update) ?? call.update, userChanges(call.body), options(call)),
  );
  created.set(call.name, response.id);
  return response;
});
process.stdout.write(JSON.stringify(responses));
