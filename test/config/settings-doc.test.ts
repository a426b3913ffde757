import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { SETTINGS_DOC, settingsDoc } from '../../scripts/settings-doc.js';
import { helpFor, helpForAll, wantsHelp } from '../../src/config/help.js';
import { settingFlag } from '../../src/config/setting.js';
import { settingsOf } from '../../src/config/settings.js';
import { isVerb, VERBS } from '../../src/config/verbs.js';

it('docs/settings.md is what scripts/settings-doc.ts writes', () => {
  expect(readFileSync(SETTINGS_DOC, 'utf8')).toBe(settingsDoc());
});

it('the help of each verb has a line for each of its settings', () => {
  const verbs = Object.keys(VERBS).filter(isVerb);
  for (const verb of verbs) {
    const lines = helpFor(verb).split('\n');
    for (const [key, setting] of settingsOf(verb)) {
      const found = lines.filter((line) => line.trim().split(' ')[0] === settingFlag(key));
      expect(found).toHaveLength(1);
      expect(found[0]).toContain(setting.description);
    }
    expect(helpForAll()).toContain(`  ${verb} `);
  }
});

it('help is asked for by flag, not by a word after --', () => {
  expect([['--help'], ['x', '-h'], ['--', '--help'], []].map(wantsHelp)).toEqual([
    true,
    true,
    false,
    false,
  ]);
});
