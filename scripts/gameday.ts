/** Plays losses on real processes, and prints what each cost: `npm run gameday -- --rows 5000`. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { bench } from '../bench/lib/bench.js';
import { OmniServer } from '../bench/lib/omni-server.js';
import { print } from '../bench/lib/report.js';
import { formatTable } from '../bench/lib/table.js';
import { omnisearch, Shop, SHOP_OPTIONS } from './gameday/shop.js';

const FLAGS = {
  rows: { default: 5_000, help: 'products of the shop' },
  late: { default: 100, help: 'products that are written after the last backup' },
};

/** A loss: how old the newest of what came back was, and how long that took. */
interface Loss {
  loss: string;
  back: string;
  rpoMs: number;
  /** Acknowledged before the loss, and not there after it. */
  lostWrites: number;
  rtoMs: number;
}

await bench(
  {
    name: 'gameday',
    about: 'Losses on real processes: what is lost of what was acknowledged, and for how long.',
    maxMinutes: ({ rows }) => 8 + Math.ceil(rows / 5_000),
    flags: FLAGS,
  },
  async (run) => {
    const { flags } = run;
    const rows = flags.quick ? 1_000 : flags.rows;
    const server = await run.start(OmniServer.start(SHOP_OPTIONS));
    const folder = await mkdtemp(join(tmpdir(), 'omnisearch-gameday-'));
    run.use({ close: () => rm(folder, { recursive: true, force: true }) });
    const shop = run.use(new Shop(server, 'shop'));
    await shop.write(0, rows);
    const losses: Loss[] = [];
    for (const play of [loseShard, badFeed, dropTenant, loseStore]) {
      run.say(play.name);
      losses.push(await play(shop, folder, rows, flags.late));
    }
    const table = losses.map(({ loss, back, rpoMs, lostWrites, rtoMs }) => ({
      ...{ loss, 'came back by': back },
      'RPO s': rpoMs / 1_000,
      'writes lost': lostWrites,
      'RTO s': rtoMs / 1_000,
    }));
    print(`${rows.toLocaleString('en-US')} products`, formatTable(table));
    return {
      data: { rows },
      results: { losses },
      figures: losses.map(({ loss, rtoMs }) => ({
        ...{ name: `${loss}: until it is whole`, value: rtoMs / 1_000, unit: 's' },
      })),
    };
  },
);

/** The disk of a shard is emptied under it: the store has all of it. */
async function loseShard(shop: Shop): Promise<Loss> {
  const before = await seen(shop);
  const lostMs = performance.now();
  await shop.server.restart('kill', () =>
    rm(join(shop.server.dataDir, 'shards'), { recursive: true }),
  );
  const rtoMs = await shop.untilWhole(before, lostMs);
  return { loss: "a shard's disk", back: 'the store', rpoMs: 0, lostWrites: 0, rtoMs };
}

/** A feed with wrong prices, found a while later. */
async function badFeed(shop: Shop, _: string, rows: number): Promise<Loss> {
  const before = await seen(shop);
  await sleep(10);
  const good = new Date().toISOString();
  await sleep(10);
  await shop.write(0, Math.floor(rows / 2), 0.01);
  await shop.write(rows, rows + 50);
  const foundMs = performance.now();
  await omnisearch(shop.server, 'rollback', '--tenant', shop.tenant, '--to', good);
  const rtoMs = await shop.untilWhole(before, foundMs);
  return { loss: 'a bad feed', back: 'rollback', rpoMs: 0, lostWrites: 0, rtoMs };
}

/** Somebody drops the tenant a while after the last backup. */
async function dropTenant(shop: Shop, folder: string, rows: number, late: number): Promise<Loss> {
  await omnisearch(shop.server, 'backup', folder);
  await shop.write(0, late, 11);
  const since = performance.now();
  await omnisearch(shop.server, 'backup', folder, '--since', 'latest');
  const before = await seen(shop);
  await shop.write(rows, rows + late);
  await omnisearch(shop.server, 'tenants', 'drop', shop.tenant, '--wait');
  const lostMs = performance.now();
  await omnisearch(shop.server, 'restore', folder, '--tenant', shop.tenant, '--wait');
  const rtoMs = await shop.untilWhole(before, lostMs);
  const rpoMs = lostMs - since;
  return { loss: 'a deleted tenant', back: 'restore --tenant', rpoMs, lostWrites: late, rtoMs };
}

/** The whole data folder is gone: an empty server, and the backups. */
async function loseStore(shop: Shop, folder: string, rows: number, late: number): Promise<Loss> {
  const since = performance.now();
  await omnisearch(shop.server, 'backup', folder, '--since', 'latest');
  const before = await seen(shop);
  await shop.write(rows, rows + late);
  const lostMs = performance.now();
  await shop.server.restart('kill', async () => {
    for (const part of ['store', 'shards']) {
      await rm(join(shop.server.dataDir, part), { recursive: true });
    }
  });
  await omnisearch(shop.server, 'restore', folder, '--wait');
  const rtoMs = await shop.untilWhole(before, lostMs);
  const rpoMs = lostMs - since;
  return { loss: 'the store', back: 'restore', rpoMs, lostWrites: late, rtoMs };
}

async function seen(shop: Shop) {
  const found = await shop.see();
  if (found === undefined) throw new Error('the shop does not answer');
  return found;
}
