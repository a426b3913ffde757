/** Writes docs/settings.md from the table of settings: `npx tsx scripts/settings-doc.ts`. */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { defaultOf } from '../src/config/help.js';
import { expectedOf } from '../src/config/setting-value.js';
import { settingFlag, settingName, type Setting } from '../src/config/setting.js';
import { allSettings } from '../src/config/settings.js';

export const SETTINGS_DOC = fileURLToPath(new URL('../docs/settings.md', import.meta.url));

/** The text of docs/settings.md. */
export function settingsDoc(): string {
  const rows = allSettings().map(([key, setting]) => {
    const cells = [
      `\`${settingName(key)}\``,
      `\`${settingFlag(key)}\``,
      takes(setting),
      defaultOf(setting) === '' ? '' : `\`${defaultOf(setting)}\``,
      setting.verbs.join(', '),
      setting.description + notesOn(setting),
    ];
    return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  });
  return `# Settings

Made by \`scripts/settings-doc.ts\` from the table in \`src/config/\`; a test keeps the two equal.

A setting is read from its flag, then from the environment (\`OMNISEARCH_\` + its name), then from
the file of \`--config\` (a JSON object of names, in small or capital letters), then its default
holds. A value out of bounds, an unknown flag or an unknown key in the file stops the command with
one line (exit code 2); an unknown \`OMNISEARCH_*\` variable only warns, an empty one counts as not
set. A setting of pairs is repeated as a flag, split at commas in the environment, and an object in
the file. Times are in milliseconds, sizes in bytes. What other programs read as well (marked) is also
found in the environment under its name alone.

| name | flag | takes | default | of | what it is |
| --- | --- | --- | --- | --- | --- |
${rows.join('\n')}
`;
}

function notesOn({ secret, isStandard }: Setting): string {
  const notes = [
    ...(isStandard === true ? ['also without OMNISEARCH_'] : []),
    ...(secret === true ? ['secret: never shown'] : []),
  ];
  return notes.length === 0 ? '' : ` (${notes.join('; ')})`;
}

function takes(setting: Setting): string {
  const unit = 'unit' in setting ? setting.unit : undefined;
  const units = { ms: 'ms', bytes: 'bytes', integer: unit };
  const ofNumbers = setting.type in units ? units[setting.type as keyof typeof units] : undefined;
  return expectedOf(setting) + (ofNumbers === undefined ? '' : ` (${ofNumbers})`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(SETTINGS_DOC, settingsDoc());
