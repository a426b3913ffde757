/** Written by scripts/build-client-types.ts from the server's /openapi.json: not by hand. */
export type paths = Record<string, never>;
export type webhooks = Record<string, never>;
export interface components {
  schemas: {
    AlertsReply: {
      alerts: {
        labels: {
          [key: string]: string;
        };
        name: string;
        runbook: string | null;
        severity: string;
        silenced: boolean;
        since: string;
        summary: string;
      }[];
      count: number;
      problem: string | null;
      /** @enum {unknown} */
      state: 'ok' | 'unset' | 'unreachable';
    };
    CategoriesReply: {
      categories: {
        category: string;
        products: number;
      }[];
    };
    ClusterReply: {
      advice?: {
        /** @enum {unknown} */
        action: 'move' | 'split' | 'wait' | 'unpin' | 'add';
        bytes?: number;
        categories?: string[] | 'rest';
        /** @enum {unknown} */
        cause: 'memory' | 'load';
        from?: string[];
        id?: string;
        node: string;
        nodes?: string[];
        range?: number[];
        rows?: number;
        seconds?: number;
        share: number;
        share_after?: number;
        tenant?: string;
        to?: string[];
      }[];
      next_cursor?: string;
      nodes: {
        alive: boolean;
        bytes: number;
        capacity_bytes: number | null;
        dedicated_to?: string;
        drained: boolean;
        live_bytes: number;
        load: number | null;
        name: string;
        zone: string | null;
      }[];
      partitions: {
        categories: string[] | 'rest';
        id: string;
        pinned?: boolean;
        range: number[];
        replicas: {
          node: string;
          /** @enum {unknown} */
          state: 'building' | 'serving' | 'leaving';
        }[];
        rows: number;
        tenant: string;
      }[];
      query_nodes: {
        address: string;
        alive: boolean;
        load: number;
        /** @enum {unknown} */
        serves: 'all' | 'read' | 'write';
        version: string;
        zone: string | null;
      }[];
    };
    DecisionsReply: {
      decisions: {
        at: string;
        by: string | null;
        what: string;
        why: string | null;
      }[];
    };
    /** @description fields together mean "and"; nested up to 8 levels, 100 clauses and 1,000 values */
    Filter: {
      brand?:
        | (string | null)
        | (string | null)[]
        | {
            eq?: string | null;
            exists?: boolean;
            gt?: string;
            gte?: string;
            in?: (string | null)[];
            lt?: string;
            lte?: string;
            ne?: string | null;
            not_in?: (string | null)[];
          };
      category?:
        | (string | null)
        | (string | null)[]
        | {
            eq?: string | null;
            exists?: boolean;
            gt?: string;
            gte?: string;
            in?: (string | null)[];
            lt?: string;
            lte?: string;
            ne?: string | null;
            not_in?: (string | null)[];
          };
      in_stock?:
        | (boolean | null)
        | (boolean | null)[]
        | {
            eq?: boolean | null;
            exists?: boolean;
            gt?: unknown;
            gte?: unknown;
            in?: (boolean | null)[];
            lt?: unknown;
            lte?: unknown;
            ne?: boolean | null;
            not_in?: (boolean | null)[];
          };
      not?: components['schemas']['Filter'];
      or?: components['schemas']['Filter'][];
      price?:
        | (number | null)
        | (number | null)[]
        | {
            eq?: number | null;
            exists?: boolean;
            gt?: number;
            gte?: number;
            in?: (number | null)[];
            lt?: number;
            lte?: number;
            ne?: number | null;
            not_in?: (number | null)[];
          };
      title?:
        | (string | null)
        | (string | null)[]
        | {
            eq?: string | null;
            exists?: boolean;
            gt?: string;
            gte?: string;
            in?: (string | null)[];
            lt?: string;
            lte?: string;
            ne?: string | null;
            not_in?: (string | null)[];
          };
    } & {
      [key: string]:
        | ((string | number | boolean) | null)
        | ((string | number | boolean) | null)[]
        | {
            eq?: (string | number | boolean) | null;
            exists?: boolean;
            gt?: string | number;
            gte?: string | number;
            in?: ((string | number | boolean) | null)[];
            lt?: string | number;
            lte?: string | number;
            ne?: (string | number | boolean) | null;
            not_in?: ((string | number | boolean) | null)[];
          };
    };
    Json: unknown;
    LiveReply: {
      categories_unavailable: number | null;
      every_s: number;
      jobs:
        | {
            active: number;
            failed: number;
            kind: string;
            oldest_s: number;
            scheduled: number;
            waiting: number;
          }[]
        | null;
      node: {
        host: string;
        process: number;
        started_at: string;
        version: string;
      };
      points: {
        at_ms: number[];
        caches: {
          [key: string]: {
            hits: number[];
            misses: number[];
          };
        };
        latency_ms: {
          p50: (number | null)[];
          p95: (number | null)[];
          p99: (number | null)[];
        };
        outcomes: {
          abandoned: number[];
          failed: number[];
          ok: number[];
          partial: number[];
          refused: number[];
        };
        seconds: number[];
        stages: {
          [key: string]: {
            count: number[];
            mean_ms: (number | null)[];
            p95_ms: (number | null)[];
          };
        };
      };
      queues: {
        embedding: number;
        searches: number;
      };
      replicas_missing: number | null;
      window_s: number;
    };
    /** @description an object */
    PreviewRequest: {
      /** @description a string of 1 to 64 characters */
      at?: string;
      /** @description a filter object */
      filter?: Record<string, unknown>;
      /** @description an integer from 1 to 1000 */
      limit?: number;
      /** @description a list of 1 to 1000 strings */
      queries?: string[];
      /** @description an object */
      rule?: {
        /** @description a string of 1 to 256 bytes */
        id?: string;
        /** @description an object */
        then: {
          /** @description a list of at most 50 objects of filter and weight */
          boost?: {
            filter: components['schemas']['Filter'];
            /** @description a number from -1000000 to 1000000 */
            weight: number;
          }[];
          data?: unknown;
          /** @description a filter object */
          filter?: Record<string, unknown>;
          /** @description a list of at most 1000 ids */
          hidden?: string[];
          /** @description a list of at most 100 objects of id and position */
          pinned?: {
            /** @description a string of 1 to 256 bytes */
            id: string;
            /** @description an integer from 1 to 10000 */
            position: number;
          }[];
          /** @description an address of 1 to 2000 characters without blanks */
          redirect?: string;
        };
        /** @description an object */
        when: {
          /** @description a string of 1 to 256 characters */
          category?: string;
          /** @description a string of 1 to 64 characters */
          from?: string;
          /**
           * @description "exact" or "contains"
           * @enum {unknown}
           */
          match?: 'exact' | 'contains';
          /** @description a string of 1 to 256 characters */
          query?: string;
          /** @description a list of 1 to 20 strings */
          tags?: string[];
          /** @description a string of 1 to 64 characters */
          to?: string;
        };
      };
      /** @description a list of 1 to 100 rules */
      rules?: {
        /** @description a string of 1 to 256 bytes */
        id: string;
        /** @description an object */
        then: {
          /** @description a list of at most 50 objects of filter and weight */
          boost?: {
            filter: components['schemas']['Filter'];
            /** @description a number from -1000000 to 1000000 */
            weight: number;
          }[];
          data?: unknown;
          /** @description a filter object */
          filter?: Record<string, unknown>;
          /** @description a list of at most 1000 ids */
          hidden?: string[];
          /** @description a list of at most 100 objects of id and position */
          pinned?: {
            /** @description a string of 1 to 256 bytes */
            id: string;
            /** @description an integer from 1 to 10000 */
            position: number;
          }[];
          /** @description an address of 1 to 2000 characters without blanks */
          redirect?: string;
        };
        /** @description an object */
        when: {
          /** @description a string of 1 to 256 characters */
          category?: string;
          /** @description a string of 1 to 64 characters */
          from?: string;
          /**
           * @description "exact" or "contains"
           * @enum {unknown}
           */
          match?: 'exact' | 'contains';
          /** @description a string of 1 to 256 characters */
          query?: string;
          /** @description a list of 1 to 20 strings */
          tags?: string[];
          /** @description a string of 1 to 64 characters */
          to?: string;
        };
      }[];
      /** @description a list of 1 to 20 strings */
      tags?: string[];
      /** @description an integer from 1 to 60000 */
      timeout_ms?: number;
    };
    /** @description an object */
    RuleRequest: {
      /** @description a string of 1 to 256 bytes */
      id?: string;
      /** @description an object */
      then: {
        /** @description a list of at most 50 objects of filter and weight */
        boost?: {
          filter: components['schemas']['Filter'];
          /** @description a number from -1000000 to 1000000 */
          weight: number;
        }[];
        data?: unknown;
        /** @description a filter object */
        filter?: Record<string, unknown>;
        /** @description a list of at most 1000 ids */
        hidden?: string[];
        /** @description a list of at most 100 objects of id and position */
        pinned?: {
          /** @description a string of 1 to 256 bytes */
          id: string;
          /** @description an integer from 1 to 10000 */
          position: number;
        }[];
        /** @description an address of 1 to 2000 characters without blanks */
        redirect?: string;
      };
      /** @description an object */
      when: {
        /** @description a string of 1 to 256 characters */
        category?: string;
        /** @description a string of 1 to 64 characters */
        from?: string;
        /**
         * @description "exact" or "contains"
         * @enum {unknown}
         */
        match?: 'exact' | 'contains';
        /** @description a string of 1 to 256 characters */
        query?: string;
        /** @description a list of 1 to 20 strings */
        tags?: string[];
        /** @description a string of 1 to 64 characters */
        to?: string;
      };
    };
    SearchReply: {
      approximate?: boolean;
      cold?: {
        compared: number;
        hits: {
          explain?: Record<string, unknown>;
          group?: {
            hits: {
              explain?: Record<string, unknown>;
              highlight?: {
                [key: string]: string;
              };
              id: string;
              product: Record<string, unknown>;
              score: number;
              scores?: {
                exact: number;
                text: number;
                type: number;
                vector: number;
              };
              widened?: boolean;
            }[];
            total: number;
            value: (string | number | boolean) | null;
          };
          highlight?: {
            [key: string]: string;
          };
          id: string;
          product: Record<string, unknown>;
          score: number;
          scores?: {
            exact: number;
            text: number;
            type: number;
            vector: number;
          };
          widened?: boolean;
        }[];
        partial: {
          reason: string;
        } | null;
      };
      data?: unknown[];
      did_you_mean?: string[];
      /** @enum {unknown} */
      embedding?: 'cached' | 'shared' | 'computed';
      explain?: Record<string, unknown>;
      facets?: {
        [key: string]: {
          avg?: number;
          max?: number;
          min?: number;
          other: number;
          values: {
            count: number;
            from?: number;
            to?: number;
            value: string | number | boolean;
          }[];
        };
      };
      hits: {
        explain?: Record<string, unknown>;
        group?: {
          hits: {
            explain?: Record<string, unknown>;
            highlight?: {
              [key: string]: string;
            };
            id: string;
            product: Record<string, unknown>;
            score: number;
            scores?: {
              exact: number;
              text: number;
              type: number;
              vector: number;
            };
            widened?: boolean;
          }[];
          total: number;
          value: (string | number | boolean) | null;
        };
        highlight?: {
          [key: string]: string;
        };
        id: string;
        product: Record<string, unknown>;
        score: number;
        scores?: {
          exact: number;
          text: number;
          type: number;
          vector: number;
        };
        widened?: boolean;
      }[];
      model: string;
      next_cursor?: string;
      page?: number;
      partial: {
        coverage?: {
          documents: number;
          of: number;
          percent: number;
        };
        missing: {
          category?: string;
          part: string;
          reason: string;
          shard?: string;
        }[];
      } | null;
      per_page?: number;
      /** Format: uuid */
      query_id: string;
      redirect?: string;
      rewritten?: {
        from: string;
        to: string;
      } | null;
      rules?: string[];
      timings_ms: {
        embed: number;
        join: number;
        search: number;
      };
      took_ms: number;
      total: number;
      understood?: {
        text: string;
      }[];
      unknown_fields?: string[];
      warnings?: {
        code: string;
        field: string;
        message: string;
      }[];
    };
    /** @description an object */
    SearchRequest: {
      /** @description a list of at most 50 objects of filter and weight */
      boost?: {
        filter: components['schemas']['Filter'];
        /** @description a number from -1000000 to 1000000 */
        weight: number;
      }[];
      /** @description true or false */
      browse?: boolean;
      /** @description the next_cursor of a reply, or "*" to begin */
      cursor?: string;
      /** @description an object of field and limit */
      diversify?: {
        /** @description a field's name of 1 to 256 characters */
        field: string;
        /** @description an integer from 1 to 100 */
        limit?: number;
      };
      /** @description true or false */
      exact?: boolean;
      /** @description true or false */
      explain?: boolean;
      /** @description a list of at most 50 facets */
      facets?: (
        | string
        | {
            /** @description true or false */
            disjunctive?: boolean;
            /** @description a field's name of 1 to 256 characters */
            field: string;
            /** @description an integer from 1 to 1000 */
            limit?: number;
            /** @description a string of at most 256 characters */
            prefix?: string;
            /** @description a list of 1 to 100 objects of from, to and label */
            ranges?: {
              /** @description a finite number */
              from?: number;
              /** @description a string of 1 to 256 characters */
              label?: string;
              /** @description a finite number */
              to?: number;
            }[];
          }
      )[];
      /** @description a list of at most 1000 strings */
      fields?: string[];
      /** @description a filter object */
      filter?: Record<string, unknown>;
      /** @description an object of field and limit */
      group_by?: {
        /** @description a field's name of 1 to 256 characters */
        field: string;
        /** @description an integer from 1 to 100 */
        limit?: number;
      };
      /** @description a list of at most 1000 ids */
      hidden?: string[];
      /** @description a list of at most 20 strings */
      highlight?: string[];
      /** @description true or false */
      include_cold?: boolean;
      /** @description a number from 0 to 100 */
      min_coverage?: number;
      /**
       * @description "hybrid", "keyword" or "vector"
       * @enum {unknown}
       */
      mode?: 'hybrid' | 'keyword' | 'vector';
      /** @description an integer from 1 on */
      page?: number;
      /** @description an integer from 0 to 250 */
      per_page?: number;
      /** @description a list of at most 100 objects of id and position */
      pinned?: {
        /** @description a string of 1 to 256 bytes */
        id: string;
        /** @description an integer from 1 to 10000 */
        position: number;
      }[];
      /** @description true or false */
      prefix?: boolean;
      /** @description 1 to 64 of a-z, 0-9, _ and - */
      price_list?: string;
      /** @description a string of 1 to 2000 characters */
      query?: string;
      /** @description true or false */
      rules?: boolean;
      /** @description a list of 1 to 10 objects of field and order */
      sort?: {
        /** @description a field's name of 1 to 256 characters */
        field: string;
        /**
         * @description "asc" or "desc"
         * @enum {unknown}
         */
        order?: 'asc' | 'desc';
      }[];
      /** @description a list of at most 100 strings */
      tags?: string[];
      /** @description an integer from 1 to 60000 */
      timeout_ms?: number;
      /** @description an integer from 1 to 1000 */
      top_k?: number;
      /** @description true or false */
      understand?: boolean;
    };
    SettingsReply: {
      facets: 'all' | string[];
      identifiers: string[];
      /** @enum {unknown} */
      language: 'en' | 'none';
      searchable: {
        field: string;
        weight: number;
      }[];
      sortable: 'all' | string[];
      stop_words: string[];
      tiers?: {
        cold?: {
          filter?: Record<string, unknown>;
          found_days?: number;
          updated_days?: number;
        } | null;
        warm?: {
          filter?: Record<string, unknown>;
          found_days?: number;
          updated_days?: number;
        } | null;
      };
      understand: boolean;
    };
    /** @description an object */
    SettingsRequest: {
      /** @description "all" or a list of at most 1000 fields' names */
      facets?: 'all' | string[];
      /** @description a list of at most 100 fields' names */
      identifiers?: string[];
      /**
       * @description "en" or "none"
       * @enum {string}
       */
      language?: 'en' | 'none';
      /** @description a list of 1 to 100 objects of field and weight */
      searchable?: {
        /** @description a field's name of 1 to 256 characters */
        field: string;
        /** @description a number above 0, up to 1000 */
        weight: number;
      }[];
      /** @description "all" or a list of at most 1000 fields' names */
      sortable?: 'all' | string[];
      /** @description a list of at most 1000 words */
      stop_words?: string[];
      /** @description an object */
      tiers?: {
        /** @description an object of updated_days, found_days and filter, or null */
        cold?: {
          /** @description a filter object */
          filter?: Record<string, unknown>;
          /** @description an integer from 0 to 730 */
          found_days?: number;
          /** @description an integer from 0 to 730 */
          updated_days?: number;
        } | null;
        /** @description an object of updated_days, found_days and filter, or null */
        warm?: {
          /** @description a filter object */
          filter?: Record<string, unknown>;
          /** @description an integer from 0 to 730 */
          found_days?: number;
          /** @description an integer from 0 to 730 */
          updated_days?: number;
        } | null;
      };
      /** @description true or false */
      understand?: boolean;
    };
    /** @description an object */
    SimilarRequest: {
      /** @description a list of at most 50 objects of filter and weight */
      boost?: {
        filter: components['schemas']['Filter'];
        /** @description a number from -1000000 to 1000000 */
        weight: number;
      }[];
      /** @description the next_cursor of a reply, or "*" to begin */
      cursor?: string;
      /** @description an object of field and limit */
      diversify?: {
        /** @description a field's name of 1 to 256 characters */
        field: string;
        /** @description an integer from 1 to 100 */
        limit?: number;
      };
      /** @description true or false */
      exact?: boolean;
      /** @description true or false */
      explain?: boolean;
      /** @description a list of at most 50 facets */
      facets?: (
        | string
        | {
            /** @description true or false */
            disjunctive?: boolean;
            /** @description a field's name of 1 to 256 characters */
            field: string;
            /** @description an integer from 1 to 1000 */
            limit?: number;
            /** @description a string of at most 256 characters */
            prefix?: string;
            /** @description a list of 1 to 100 objects of from, to and label */
            ranges?: {
              /** @description a finite number */
              from?: number;
              /** @description a string of 1 to 256 characters */
              label?: string;
              /** @description a finite number */
              to?: number;
            }[];
          }
      )[];
      /** @description a list of at most 1000 strings */
      fields?: string[];
      /** @description a filter object */
      filter?: Record<string, unknown>;
      /** @description an object of field and limit */
      group_by?: {
        /** @description a field's name of 1 to 256 characters */
        field: string;
        /** @description an integer from 1 to 100 */
        limit?: number;
      };
      /** @description a list of at most 1000 ids */
      hidden?: string[];
      /** @description a string of 1 to 256 bytes */
      id: string;
      /** @description true or false */
      include_cold?: boolean;
      /** @description a number from 0 to 100 */
      min_coverage?: number;
      /** @description an integer from 1 on */
      page?: number;
      /** @description an integer from 0 to 250 */
      per_page?: number;
      /** @description a list of at most 100 objects of id and position */
      pinned?: {
        /** @description a string of 1 to 256 bytes */
        id: string;
        /** @description an integer from 1 to 10000 */
        position: number;
      }[];
      /** @description 1 to 64 of a-z, 0-9, _ and - */
      price_list?: string;
      /** @description true or false */
      rules?: boolean;
      /** @description a list of 1 to 10 objects of field and order */
      sort?: {
        /** @description a field's name of 1 to 256 characters */
        field: string;
        /**
         * @description "asc" or "desc"
         * @enum {unknown}
         */
        order?: 'asc' | 'desc';
      }[];
      /** @description a list of at most 100 strings */
      tags?: string[];
      /** @description an integer from 1 to 60000 */
      timeout_ms?: number;
      /** @description an integer from 1 to 1000 */
      top_k?: number;
    };
    StatsReply: {
      answer_cache: {
        entries: number;
        hits: number;
        misses: number;
      };
      embedding_cache: {
        entries: number;
        hits: number;
        misses: number;
      };
      model: {
        dimensions: number;
        fingerprint: string;
        name: string;
      };
      partitions: number;
      products: number;
      shards: {
        behind: number;
        bytes: number;
        documents: number;
        name: string;
        recall?: {
          bands: {
            failing: boolean;
            high: number | null;
            low: number | null;
            recall: number | null;
            repeats: number;
            selectivity: number;
          }[];
          target: number;
        };
      }[];
    };
    /** @description an object */
    SynonymRequest: {
      /** @description a string of 1 to 100 characters */
      from?: string;
      /** @description a string of 1 to 256 bytes */
      id?: string;
      /** @description a list of 1 to 50 strings */
      to?: string[];
      /** @description a list of 2 to 50 strings */
      words?: string[];
    };
    /** @description an object */
    VectorRequest: {
      /** @description a list of at most 50 objects of filter and weight */
      boost?: {
        filter: components['schemas']['Filter'];
        /** @description a number from -1000000 to 1000000 */
        weight: number;
      }[];
      /** @description the next_cursor of a reply, or "*" to begin */
      cursor?: string;
      /** @description an object of field and limit */
      diversify?: {
        /** @description a field's name of 1 to 256 characters */
        field: string;
        /** @description an integer from 1 to 100 */
        limit?: number;
      };
      /** @description true or false */
      exact?: boolean;
      /** @description true or false */
      explain?: boolean;
      /** @description a list of at most 50 facets */
      facets?: (
        | string
        | {
            /** @description true or false */
            disjunctive?: boolean;
            /** @description a field's name of 1 to 256 characters */
            field: string;
            /** @description an integer from 1 to 1000 */
            limit?: number;
            /** @description a string of at most 256 characters */
            prefix?: string;
            /** @description a list of 1 to 100 objects of from, to and label */
            ranges?: {
              /** @description a finite number */
              from?: number;
              /** @description a string of 1 to 256 characters */
              label?: string;
              /** @description a finite number */
              to?: number;
            }[];
          }
      )[];
      /** @description a list of at most 1000 strings */
      fields?: string[];
      /** @description a filter object */
      filter?: Record<string, unknown>;
      /** @description an object of field and limit */
      group_by?: {
        /** @description a field's name of 1 to 256 characters */
        field: string;
        /** @description an integer from 1 to 100 */
        limit?: number;
      };
      /** @description a list of at most 1000 ids */
      hidden?: string[];
      /** @description true or false */
      include_cold?: boolean;
      /** @description a number from 0 to 100 */
      min_coverage?: number;
      /** @description an integer from 1 on */
      page?: number;
      /** @description an integer from 0 to 250 */
      per_page?: number;
      /** @description a list of at most 100 objects of id and position */
      pinned?: {
        /** @description a string of 1 to 256 bytes */
        id: string;
        /** @description an integer from 1 to 10000 */
        position: number;
      }[];
      /** @description 1 to 64 of a-z, 0-9, _ and - */
      price_list?: string;
      /** @description true or false */
      rules?: boolean;
      /** @description a list of 1 to 10 objects of field and order */
      sort?: {
        /** @description a field's name of 1 to 256 characters */
        field: string;
        /**
         * @description "asc" or "desc"
         * @enum {unknown}
         */
        order?: 'asc' | 'desc';
      }[];
      /** @description a list of at most 100 strings */
      tags?: string[];
      /** @description an integer from 1 to 60000 */
      timeout_ms?: number;
      /** @description an integer from 1 to 1000 */
      top_k?: number;
      /** @description a list of 4 numbers */
      vector?: number[];
      /** @description the base64 of 4 little-endian float32 numbers */
      vector_b64?: string;
    };
    WriteReply: {
      accepted: number;
      lagging?: string[];
      rejected: {
        code: string;
        field?: string;
        id?: string;
        line: number;
        message: string;
      }[];
      rejected_count: number;
      searchable?: boolean;
      stale: number;
      unchanged: number;
    };
  };
  responses: never;
  parameters: never;
  requestBodies: never;
  headers: never;
  pathItems: never;
}
export type AlertsReply = components['schemas']['AlertsReply'];
export type CategoriesReply = components['schemas']['CategoriesReply'];
export type ClusterReply = components['schemas']['ClusterReply'];
export type DecisionsReply = components['schemas']['DecisionsReply'];
export type Filter = components['schemas']['Filter'];
export type Json = components['schemas']['Json'];
export type LiveReply = components['schemas']['LiveReply'];
export type PreviewRequest = components['schemas']['PreviewRequest'];
export type RuleRequest = components['schemas']['RuleRequest'];
export type SearchReply = components['schemas']['SearchReply'];
export type SearchRequest = components['schemas']['SearchRequest'];
export type SettingsReply = components['schemas']['SettingsReply'];
export type SettingsRequest = components['schemas']['SettingsRequest'];
export type SimilarRequest = components['schemas']['SimilarRequest'];
export type StatsReply = components['schemas']['StatsReply'];
export type SynonymRequest = components['schemas']['SynonymRequest'];
export type VectorRequest = components['schemas']['VectorRequest'];
export type WriteReply = components['schemas']['WriteReply'];
export type $defs = Record<string, never>;
export type operations = Record<string, never>;
