import { NamedItems } from './named-items.js';
import type { CallOptions, Transport } from './transport.js';
import type { Rule, RulePreview, RulePreviewRequest } from './wire.js';

/** Rules of merchandising. */
export class Rules extends NamedItems<Rule> {
  constructor(transport: Transport) {
    super(transport, 'rules');
  }

  /** Which answers to logged queries a rule would change, were it stored. */
  async preview(body: RulePreviewRequest, options?: CallOptions): Promise<RulePreview> {
    const call = { method: 'POST', path: 'rules/preview', twice: 'nothing' } as const;
    return (await this.transport.call({ ...call, body: { json: body } }, options)) as RulePreview;
  }
}
