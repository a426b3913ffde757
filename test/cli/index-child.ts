import { runIndex } from '../../src/cli/index-command.js';

/** `omnisearch index` in a process that a test can kill: its config as JSON, then the files. */
const [config = '{}', ...files] = process.argv.slice(2);
process.exitCode = await runIndex(JSON.parse(config) as Parameters<typeof runIndex>[0], files);
