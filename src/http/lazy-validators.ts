import AjvCompiler from '@fastify/ajv-compiler';

type Compile = ReturnType<ReturnType<typeof AjvCompiler>>;
type Validate = ReturnType<Compile>;

/**
 * Fastify's own compiler of schemas, each compiled when a request first needs it: to compile those of all routes
 * costs a sixth of a second of every start, and most nodes see few of the routes.
 */
export function lazyValidators(...of: Parameters<ReturnType<typeof AjvCompiler>>): Compile {
  let compile: Compile | undefined;
  return (route, ...more) => {
    let validate: Validate | undefined;
    // Fastify reads the errors from the function that it has.
    const lazy = (value: unknown): boolean => {
      compile ??= AjvCompiler()(...of);
      validate ??= compile(route, ...more);
      const isValid = validate(value) as boolean;
      lazy.errors = validate.errors;
      return isValid;
    };
    lazy.errors = undefined as Validate['errors'];
    return lazy as unknown as Validate;
  };
}
