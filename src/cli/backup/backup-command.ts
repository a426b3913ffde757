import { chainOf, chooseBase } from '../../backup/chain.js';
import type { Manifest } from '../../backup/manifest.js';
import { pruneBackups } from '../../backup/prune.js';
import { verifyChain } from '../../backup/read-chain.js';
import { keptAges } from '../../backup/retention.js';
import { takeBackup } from '../../backup/take-backup.js';
import type { BackupKind } from '../../backup/taken-backups.js';
import type { Config } from '../../config/settings.js';
import { reasonOf } from '../../core/errors.js';
import { beNice, NICENESS } from '../../core/niceness.js';
import { packageVersion } from '../package-file.js';
import { sizeText } from '../placement-texts.js';
import { complain, print, WRONG_USAGE } from '../terminal.js';
import { complaining, openFor, tellNowAndThen } from './backup-options.js';
import { ExportClient } from './export-client.js';

const TELL_EVERY_MS = 3_000;
const USAGE = 'usage: omnisearch backup TARGET | verify TARGET';

/**
 * `omnisearch backup …`. Resolves with the exit code: 0; 1 when it could not, or what was verified is damaged; 2 for
 * wrong usage.
 *
 *   TARGET          all, or with --since what changed; then removes what is too old for --keep
 *   verify TARGET   reads back every byte of a backup and of those that it goes on from
 */
export async function runBackup(config: Config, words: readonly string[]): Promise<number> {
  // It may run beside a shop, whose shoppers come first.
  beNice(NICENESS.backup);
  const [first, second] = words;
  if (first === 'verify' && second !== undefined && words.length === 2) {
    return complaining(() => verify(config, second));
  }
  if (first === undefined || words.length !== 1) return complain(WRONG_USAGE, USAGE);
  return complaining(() => take(config, first));
}

async function take(config: Config, to: string): Promise<number> {
  const { target, key } = await openFor(to, config);
  const { since, tenant, maxBytesPerS, keep } = config;
  const chosen =
    since === undefined ? undefined : await chooseBase(target, { name: since, tenant }, key);
  const base = chosen?.base;
  if (chosen?.why !== undefined) process.stderr.write(`this one has all: ${chosen.why}\n`);
  const tell = tellNowAndThen(TELL_EVERY_MS);
  const source = new ExportClient(config);
  const { manifest, resumed, anew } = await takeBackup(source, target, {
    ...{ tenant, base, key, maxBytesPerS, software: packageVersion() },
    onProgress: ({ counts }) => tell(`${counts.puts} products, ${counts.deletes} deletes`),
  });
  if (resumed) process.stderr.write(`went on with ${manifest.name}, which was interrupted\n`);
  if (anew.length > 0) {
    process.stderr.write(
      `from their start, since changes after ${since} are no longer told: ${anew.slice(0, 20).join(', ')}\n`,
    );
  }
  for (const id of manifest.damaged) {
    process.stderr.write(`${id} is damaged in the store: it is not in the backup\n`);
  }
  if (tenant === undefined) await tellTaken(source, base === undefined ? 'full' : 'changes');
  const removed =
    keep === undefined ? [] : await pruneBackups(target, keptAges(keep), new Date(), key);
  if (config.json) print(JSON.stringify({ ...summaryOf(manifest), resumed, removed }));
  else {
    print(lineOf(manifest));
    for (const name of removed) print(`${name} removed: too old for --keep ${keep}`);
  }
  return 0;
}

/** For the metrics of the server: what cannot be told changes nothing of the backup. */
async function tellTaken(source: ExportClient, kind: BackupKind): Promise<void> {
  try {
    await source.taken(kind);
  } catch (error) {
    process.stderr.write(`the server was not told of the backup: ${reasonOf(error)}\n`);
  }
}

async function verify(config: Config, from: string): Promise<number> {
  const { target, key } = await openFor(from, config);
  const chain = await chainOf(target, { name: config.backup, tenant: config.tenant }, key);
  const tell = tellNowAndThen(TELL_EVERY_MS);
  const { bytes } = await verifyChain(target, chain, key, (place) => tell(`${place} is whole`));
  const names = chain.map(({ manifest }) => manifest.name);
  if (config.json) print(JSON.stringify({ backups: names, bytes }));
  else print(`whole: ${names.join(' + ')}, ${sizeText(bytes)}`);
  return 0;
}

function lineOf(manifest: Manifest): string {
  const { name, base, tenants, products, deletes, records, bytes } = summaryOf(manifest);
  const what = base === null ? 'all' : `changes since ${base}`;
  return `${name}: ${what} of ${tenants} tenants, ${products} products, ${deletes} deletes, ${records} records, ${sizeText(bytes)}`;
}

function summaryOf({ name, base, tenants, counts, chunks }: Manifest) {
  return {
    ...{ name, base: base?.name ?? null, tenants: Object.keys(tenants).length },
    ...{ products: counts.puts, deletes: counts.deletes, records: counts.records },
    bytes: chunks.reduce((sum, chunk) => sum + chunk.bytes, 0),
  };
}
