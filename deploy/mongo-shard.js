// For mongosh, at a mongos: shards the products of DATABASE (omnisearch without it) by tenant and id, which `_id` is. What a tenant
// has lies together, large tenants are split by id, and a write goes to one shard. All else is small and stays together.
//
//   SHARDS=shard-1=eu,shard-2=us   which shard is of which zone
//   TENANTS=shop-a=eu,shop-b=us    which tenant stays in which zone; all others are wherever there is room
//
// Run it before the first product is written, and again after a change: what is so already stays so.
const database = process.env.DATABASE ?? 'omnisearch';
const pairsOf = (text) =>
  (text ?? '').split(',').filter(Boolean).map((pair) => {
    const [name, zone, ...more] = pair.split('=');
    if (!name || !zone || more.length > 0) throw new Error(`${pair} is not NAME=ZONE`);
    return [name, zone];
  });
const shards = pairsOf(process.env.SHARDS);
const tenants = pairsOf(process.env.TENANTS);
const zones = new Set(shards.map(([, zone]) => zone));
for (const [tenant, zone] of tenants) {
  if (!zones.has(zone)) throw new Error(`${tenant} is to stay in ${zone}, of which no shard is`);
}

sh.enableSharding(database);
for (const [shard, zone] of shards) sh.addShardToZone(shard, zone);
const namespace = `${database}.products`;
for (const [tenant, zone] of tenants) {
  // From `tenant/` to what comes behind all of it: 0 is the character after the slash.
  sh.updateZoneKeyRange(namespace, { _id: `${tenant}/` }, { _id: `${tenant}0` }, zone);
}
sh.shardCollection(namespace, { _id: 1 });
