/** A model that `models pull` knows: where it lies and which files make a folder of it. */
export interface HubModel {
  name: string;
  /** Repository on the hub. */
  repo: string;
  revision: string;
  about: string;
  files: readonly HubFile[];
  /** Fetched too when int8 is asked for. */
  int8Files: readonly HubFile[];
}

export interface HubFile {
  path: string;
  /** Pinned SHA-256; without it the checksum that the hub itself states is verified. */
  sha256?: string;
}

const COMMON: readonly HubFile[] = [
  { path: 'config.json' },
  { path: 'tokenizer.json' },
  { path: 'tokenizer_config.json' },
];

const CLIP = {
  revision: 'main',
  files: [...COMMON, { path: 'onnx/text_model.onnx' }],
  int8Files: [{ path: 'onnx/text_model_quantized.onnx' }],
};

const SENTENCE = {
  revision: 'main',
  files: [...COMMON, { path: 'onnx/model.onnx' }],
  int8Files: [{ path: 'onnx/model_quantized.onnx' }],
};

/** ONNX exports in the hub's layout; any other folder of that layout works as well. */
export const HUB_MODELS: readonly HubModel[] = [
  {
    name: 'clip-vit-base-patch32',
    repo: 'Xenova/clip-vit-base-patch32',
    about: 'CLIP B/32, 512 dimensions, English, 77 tokens',
    ...CLIP,
  },
  {
    name: 'clip-vit-base-patch16',
    repo: 'Xenova/clip-vit-base-patch16',
    about: 'CLIP B/16, 512 dimensions, English, 77 tokens',
    ...CLIP,
  },
  {
    name: 'paraphrase-multilingual-MiniLM-L12-v2',
    repo: 'Xenova/paraphrase-multilingual-MiniLM-L12-v2',
    about: '384 dimensions, 50 languages',
    ...SENTENCE,
  },
  {
    name: 'all-MiniLM-L6-v2',
    repo: 'Xenova/all-MiniLM-L6-v2',
    about: '384 dimensions, English',
    ...SENTENCE,
  },
];

export const DEFAULT_HUB_URL = 'https://huggingface.co';

/** Where a file of a model is downloaded from. */
export function hubFileUrl(hubUrl: string, model: HubModel, file: HubFile): string {
  return `${hubUrl.replace(/\/$/, '')}/${model.repo}/resolve/${model.revision}/${file.path}`;
}
