import { afterAll, beforeAll, describe } from 'vitest';
import { storeContract } from './contract.js';
import { makeMongoStore } from './mongo-fixture.js';
import { MONGODB_URL, MongoServer, whyNoServer } from './mongo-server.js';

const reason = whyNoServer();
let server: MongoServer | undefined;

describe.skipIf(reason !== undefined)(
  `MongoDB${reason === undefined ? '' : ` (${reason})`}`,
  () => {
    beforeAll(async () => {
      if (MONGODB_URL === undefined) server = await MongoServer.start();
    });
    afterAll(() => server?.stop());
    storeContract('MongoDB', () => makeMongoStore(server));
  },
);
