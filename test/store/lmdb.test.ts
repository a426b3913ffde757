import { storeContract } from './contract.js';
import { makeLmdbStore } from './lmdb-fixture.js';

storeContract('LMDB', makeLmdbStore);
