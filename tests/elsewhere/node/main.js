// Makes every call by the component's typed interface; it sends by `wasi:http`.

import { readFileSync } from 'node:fs';

import * as accounts from './accounts.js';
import { users } from './build/ticketing.js';
import { newUser, options, outcome, userChanges } from '../shape.js';

const { accounts: all, calls } = JSON.parse(readFileSync(0, 'utf8'));
all.forEach(accounts.add);

const made = new Map();
const answers = calls.map((call) => {
  const { id } = all.find(({ name }) => name === call.account);
  const answer = outcome(() =>
    call.update === undefined
      ? users.createUser(id, newUser(call.body), options(call))
      : users.updateUser(id, made.get(call.update) ?? call.update, userChanges(call.body), options(call)),
  );
  made.set(call.name, answer.id);
  return answer;
});
process.stdout.write(JSON.stringify(answers));
