/** A setting that cannot be used: one line that names it, made for the person who set it. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}
