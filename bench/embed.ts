import { basename } from 'node:path';
import type { Precision } from '../src/embedding/model-folder.js';
import { bench } from './lib/bench.js';
import { loadCatalogue } from './lib/catalogue.js';
import { clipModel } from './lib/clip-model.js';
import { measureIndexing } from './lib/embed-indexing.js';
import { measureNode } from './lib/embed-node.js';
import { measureSteps, type EmbedSteps } from './lib/embed-steps.js';
import { print } from './lib/report.js';
import { formatTable } from './lib/table.js';
import { loadTraffic } from './lib/traffic.js';

const FLAGS = {
  model: { default: '', help: 'model folder; else one of CLIP B/32 size with random weights' },
  python: { default: '', help: 'interpreter with what scripts/test-models needs, to make it' },
  catalogue: { default: '', help: 'products as NDJSON; else shared data, else the demo shop' },
  queries: { default: '', help: 'query<TAB>popularity; else shared data, else made of titles' },
  precisions: { default: 'fp32,int8', help: "which of the model's files, the node runs the first" },
  parts: { default: 'steps,indexing,node', help: 'what to measure' },
  seconds: { default: 10, help: 'measured time of each load on the node' },
};

await bench(
  {
    name: 'embed',
    about: 'New queries beside the bare ONNX session, under overload, in batches, during a load.',
    maxMinutes: 20,
    flags: FLAGS,
  },
  async (run) => {
    const { flags } = run;
    const model = flags.model === '' ? await clipModel(flags.python) : flags.model;
    const catalogue = await loadCatalogue(flags.catalogue);
    const traffic = await loadTraffic(catalogue, flags.seed, flags.queries);
    const precisions = flags.precisions.split(',').map((name) => {
      if (name === 'fp32' || name === 'int8') return name;
      throw new Error(`precisions are fp32 and int8, not ${name}`);
    });
    const parts = new Set(flags.parts.split(','));
    const each = async <T>(
      part: string,
      measure: (name: Precision) => Promise<T>,
    ): Promise<T[]> => {
      const results: T[] = [];
      for (const name of parts.has(part) ? precisions : []) {
        results.push(await run.measure(`${part} ${name}`, () => measure(name)));
      }
      return results;
    };
    const steps = await each('steps', (name) => measureSteps(run, model, traffic, name));
    print('a new query of 8 tokens, median ms', table(steps, 'single'));
    print('ten new queries, median ms', table(steps, 'ten'));
    const indexing = await each('indexing', (name) => measureIndexing(run, model, catalogue, name));
    print('product texts, as indexing embeds them', formatTable(indexing));
    const precision = precisions[0] ?? 'fp32';
    const node = parts.has('node')
      ? await measureNode(run, { model, precision, catalogue, traffic })
      : undefined;
    return {
      data: { model: basename(model), catalogue: catalogue.name, queries: traffic.name },
      results: { steps, indexing, node },
      figures: steps.flatMap(({ precision: name, single, ten }) => [
        { name: `a new query, ${name}: step / bare session`, value: single.ratio, unit: '' },
        { name: `ten at once, ${name}: step / bare best`, value: ten.ratio, unit: '' },
        { name: `ten at once, ${name}: speed-up over ten in turn`, value: ten.speedup, unit: '' },
      ]),
    };
  },
);

function table(steps: readonly EmbedSteps[], part: 'single' | 'ten'): string {
  return formatTable(steps.map((step) => ({ precision: step.precision, ...step[part] })));
}
