// Which texts are redacted, and which stay: the vectors of the Rust host.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { readings } from '../out/package/dist/escape.js';
import { Redactor } from '../out/package/dist/redact.js';

const redact = (secrets, text) => new Redactor(secrets).text(text);

test('every form becomes the mask', () => {
  for (const form of [
    'ab/c+d="1',
    'ab\\/c+d=\\"1',
    'ab\\u002fc\\u002Bd\\u003D\\u00221',
    'ab%2Fc%2Bd%3D%221',
    'ab%2fc%2bd=%221',
    '%61%62%2F%63%2B%64%3D%22%31',
    'ab\\/c%2bd=\\"1',
    'ab&sol;c&plus;d&equals;&quot;1',
    'ab&#47;c&#43;d&#61;&#34;1',
    'ab&#x2F;c&#x2b;d&#x3D;&#X22;1',
    '&#97;&#x62;&#0047;c+d=&QUOT;1',
    'ab\\u002fc%2bd&equals;"1',
  ]) {
    assert.equal(redact(['ab/c+d="1'], `<${form}>${form}`), '<***>***', form);
  }
});

test('partial secret stays', () => {
  for (const text of [
    '',
    'secret-valu',
    'secret-valu%',
    'secret-valu\\u00',
    'secret-valuE',
    'secret-valu&',
    'secret-valu&#101',
    'secret-valu&#102;',
    'secret-valu&nosuch;',
    '%',
    '\\',
    '\\u0073ecret',
    '{"a": 1}',
  ]) {
    assert.equal(redact(['secret-value'], text), text);
  }
});

test('longest secret wins', () => {
  assert.equal(redact(['1234567', '12345678', '12345678-90'], '1234567 12345678 12345678-90'), '1234567 *** ***');
});

test('JSON stays JSON', () => {
  for (const [text, clean] of [
    ['"\\nabcdefgh"', '"***"'],
    ['"\\\\nabcdefgh"', '"\\\\***"'],
    ['"\\\\\\u006eabcdefgh"', '"\\\\***"'],
    ['"\\\\u006eabcdefgh"', '"***"'],
  ]) {
    assert.equal(redact(['nabcdefgh'], text), clean);
    JSON.parse(clean);
  }
});

test('ambiguous escapes are read both ways', () => {
  const backslashes = `a${'\\'.repeat(8)}b`;
  assert.equal(redact([backslashes], backslashes), '***');
  assert.equal(redact([backslashes], backslashes.replaceAll('\\', '\\\\')), '***');
  assert.equal(redact(['100%25%25x'], '100%25%25x 100%2525%2525x'), '*** ***');
});

test('other scripts are found', () => {
  for (const form of [
    'geheim-ß😀',
    'geheim-\\u00df\\ud83d\\ude00',
    'geheim-%C3%9F%f0%9f%98%80',
    'geheim-&szlig;&#128512;',
    'geheim-&#xdf;&#x1F600;',
  ]) {
    assert.equal(redact(['geheim-ß😀'], form), '***', form);
  }
});

test('overlapping secret takes linear time', () => {
  const size = 1 << 16;
  const long = 'a'.repeat(2047);
  assert.equal(redact([long], 'a'.repeat(size)), '***'.repeat(Math.floor(size / 2047)) + 'a'.repeat(size % 2047));
  for (const [secret, text] of [
    [`${long}b`, 'a'.repeat(size)],
    [`${'\\'.repeat(40)}b`, '\\'.repeat(size)],
    [`${'%25'.repeat(20)}b`, '%25'.repeat(size / 4)],
    [`${'&amp;'.repeat(20)}b`, '&amp;'.repeat(size / 8)],
  ]) {
    assert.equal(redact([secret], text), text);
  }
});

test('overlapping secrets become one mask', () => {
  const secrets = ['first-shared', 'shared-second'];
  assert.equal(redact(secrets, '<first-shared-second>'), '<***>');
  assert.equal(redact(secrets, 'first-sharedshared-second'), '******');
});

test('mask completes no secret', () => {
  const secrets = ['left***right', 'in-between'];
  assert.equal(redact(secrets, '<leftin-betweenright>'), '<***>');
  let text = 'in-between';
  for (let depth = 0; depth < 20; depth += 1) text = `left${text}right`;
  assert.equal(redact(secrets, text), '***');
});

test('any mix of escapes is found', () => {
  const forms = [
    (character) => (character === '\\' || character === '"' ? `\\${character}` : character),
    (character) => `%${character.charCodeAt(0).toString(16).padStart(2, '0').toUpperCase()}`,
    (character) => `&#${character.charCodeAt(0)};`,
    (character) => `&#x${character.charCodeAt(0).toString(16)};`,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  ];
  const printable = Array.from({ length: 95 }, (_, at) => String.fromCharCode(32 + at)).join('');
  for (let shift = 0; shift < 95; shift += 1) {
    const secret = [...printable]
      .map((_, at) => printable[(at * 7 + shift) % 95])
      .join('')
      .slice(0, 24);
    const escaped = [...secret].map((character, at) => forms[(at * 3 + shift) % forms.length](character)).join('');
    assert.equal(redact([secret], `<${escaped}>`), '<***>', escaped);
  }
});

test('escapes are decoded, and what is incomplete stays', () => {
  const found = (text) => {
    const all = [];
    readings(new TextEncoder().encode(text), 0, (meant, end) =>
      all.push([new TextDecoder().decode(Uint8Array.from(meant)), end]),
    );
    return all.slice(1);
  };
  for (const [text, meant] of [
    ['+', ' '],
    ['%2F', '/'],
    ['\\/', '/'],
    ['\\n', '\n'],
    ['\\ud83d\\ude00', '😀'],
    ['&lowbar;', '_'],
    ['&Tab;', '\t'],
    ['&yuml;', 'ÿ'],
    ['&#x0000002F;', '/'],
  ]) {
    assert.deepEqual(found(`${text}0;`), [[meant, text.length]], text);
  }
  for (const text of [
    'a',
    '%',
    '%2',
    '%2g',
    '\\',
    '\\x',
    '\\u002',
    '\\ud83d',
    '\\ud83dx',
    '\\ud83d\\u0041',
    '&',
    '&;',
    '&sol',
    '&sol ;',
    '&nosuchname;',
    '&#;',
    '&#xg;',
    '&#x110000;',
  ]) {
    assert.deepEqual(found(text), [], text);
  }
});
