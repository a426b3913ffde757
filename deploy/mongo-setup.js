// For mongosh: makes a replica set of the servers in MEMBERS (comma-separated; those of
// docker-compose.yml without it), unless there is one, and waits until it has a primary.
const members = (process.env.MEMBERS ?? 'mongo-1:27017,mongo-2:27017,mongo-3:27017').split(',');
try {
  rs.status();
} catch (error) {
  if (error.codeName !== 'NotYetInitialized') throw error;
  rs.initiate({ _id: 'rs0', members: members.map((host, _id) => ({ _id, host })) });
}
for (let waited = 0; !rs.status().members.some(({ stateStr }) => stateStr === 'PRIMARY'); waited++) {
  if (waited >= 60) throw new Error('the replica set has no primary');
  sleep(1000);
}
