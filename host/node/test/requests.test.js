// What a call may send, and what its requests may have done: the cases of the Rust host.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { RequestDenied, Requests, requestSafety } from '../out/package/dist/requests.js';

const response = (status) => ({ tag: 'ok', val: { status, headers: [], body: new Uint8Array() } });
const error = (tag, val) => ({ tag: 'err', val: { tag, val } });
const send = (requests, its, sent) => {
  requests.admit(its);
  requests.ended(its, sent);
};

test('second create is denied', () => {
  for (const first of [response(201), response(409), error('no-connection', 'why')]) {
    const requests = new Requests('once');
    send(requests, 'once', first);
    assert.throws(() => requests.admit('once'), RequestDenied);
    requests.admit('safe');
  }
});

test('only a rejected create admits an update', () => {
  for (const [status, admitted] of [
    [409, true],
    [201, false],
    [408, false],
    [500, false],
  ]) {
    const requests = new Requests('once');
    send(requests, 'once', response(status));
    const admit = () => requests.admit('idempotent');
    if (admitted) admit();
    else assert.throws(admit, RequestDenied, String(status));
  }
  const requests = new Requests('once');
  send(requests, 'idempotent', response(400));
  assert.throws(() => requests.admit('idempotent'), /second request that changes/);
});

test('operation bounds its requests', () => {
  for (const its of ['idempotent', 'once']) assert.throws(() => new Requests('safe').admit(its), /write in a call that reads/);
  assert.throws(() => new Requests('idempotent').admit('once'), /create in a call for a user who exists/);
  for (const [operation, its] of [
    ['safe', 'safe'],
    ['idempotent', 'safe'],
    ['idempotent', 'idempotent'],
    ['once', 'idempotent'],
  ]) {
    new Requests(operation).admit(its);
  }
});

test('requests are counted', () => {
  const requests = new Requests('safe');
  for (let sent = 0; sent < 32; sent += 1) requests.admit('safe');
  assert.throws(() => requests.admit('safe'), /more requests than a call may/);
});

test('outcome follows writes alone', () => {
  for (const [its, sent, outcome] of [
    ['safe', response(500), 'not-sent'],
    ['once', response(201), 'unknown'],
    ['once', response(422), 'rejected'],
    ['idempotent', response(408), 'unknown'],
    ['once', error('deadline', false), 'not-sent'],
    ['once', error('deadline', true), 'unknown'],
    ['once', error('response-too-large', 422), 'rejected'],
    ['once', error('response-too-large', undefined), 'unknown'],
    ['once', error('response-truncated', [422, 'why']), 'unknown'],
  ]) {
    const requests = new Requests('once');
    send(requests, its, sent);
    assert.equal(requests.outcome, outcome, `${its} ${JSON.stringify(sent)}`);
  }
});

test('method bounds the reported safety', () => {
  const hive = { operations: [{ name: 'create-user', method: 'POST' }] };
  const putting = { operations: [{ name: 'create-user', method: 'PUT' }] };
  for (const [reported, integration, method, expected] of [
    ['safe', hive, 'GET', 'safe'],
    ['safe', hive, 'POST', 'once'],
    ['idempotent', hive, 'POST', 'once'],
    ['safe', hive, 'PUT', 'idempotent'],
    ['safe', putting, 'PUT', 'once'],
    ['once', hive, 'PUT', 'once'],
    ['safe', hive, 'BREW', 'once'],
  ]) {
    assert.equal(requestSafety(reported, integration, method), expected, method);
  }
});
