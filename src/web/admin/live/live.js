// @ts-check
import { OmniSearchError } from '../../../client/omnisearch.js';
import { byId, element } from '../../dom.js';
import { errorText } from '../../messages.js';
import { shop, withKey } from '../../shop.js';
import { adviceItems, fullItems } from '../advice-list.js';
import { alertsPanel } from './alerts.js';
import { Charts } from './charts.js';
import { decisionList, reliefItems } from './decisions.js';
import { clock } from './format.js';
import { jobTable } from './jobs.js';
import { NodesSeen } from './nodes-seen.js';
import { Poll } from './poll.js';
import { partitionRows, queryNodeTable, shardTable } from './shards.js';
import { stageTable } from './stages.js';
import { tenantTable } from './tenants-now.js';
import { tiles } from './tiles.js';

/** @typedef {import('../../../client/api-types.js').StatsReply} StatsReply */
/** @typedef {import('../../../client/api-types.js').ClusterReply} ClusterReply */

const FIGURES_MS = 5_000;
const CLUSTER_MS = 10_000;
/** All tenants are gone through for it. */
const TENANTS_MS = 60_000;
const PARTITIONS = 100;
const TENANTS = 50;
const [UNAUTHORIZED, FORBIDDEN] = [401, 403];

/** What goes on now. Nothing is asked for while it is not shown, or paused. */
export class LivePart {
  constructor() {
    this.charts = new Charts();
    byId('live-charts', HTMLElement).append(this.charts.element);
    this.nodes = new NodesSeen(() => this.drawFigures());
    byId('live-node', HTMLElement).append(this.nodes.element);
    /** @type {StatsReply | undefined} */
    this.stats = undefined;
    /** @type {ClusterReply | undefined} */
    this.cluster = undefined;
    /** @type {import('../../../client/operator.js').Outlook} */
    this.outlook = { advice: [], days_until_full: null };
    /** What cannot be read, and why. @type {Map<string, string>} */
    this.trouble = new Map();
    this.isShown = false;
    this.pause = byId('live-pause', HTMLButtonElement);
    this.pause.addEventListener('click', () => this.setPaused(!this.isPaused));
    this.polls = [
      new Poll(FIGURES_MS, () => this.readFigures()),
      new Poll(CLUSTER_MS, () => this.readAlerts()),
      new Poll(CLUSTER_MS, () => this.readCluster()),
      new Poll(CLUSTER_MS, () => this.readDecisions()),
      new Poll(TENANTS_MS, () => this.readTenants()),
    ];
    this.drawFigures();
  }

  get isPaused() {
    return this.pause.getAttribute('aria-pressed') === 'true';
  }

  async load() {
    this.isShown = true;
    this.go();
  }

  leave() {
    this.isShown = false;
    this.go();
  }

  /** @param {boolean} isPaused */
  setPaused(isPaused) {
    this.pause.setAttribute('aria-pressed', String(isPaused));
    this.go();
  }

  go() {
    for (const poll of this.polls) {
      if (this.isShown && !this.isPaused) poll.start();
      else poll.stop();
    }
  }

  readFigures() {
    return this.read(
      'The figures of searches',
      () => shop.operator.live(),
      (reply) => {
        this.nodes.heard(reply);
        this.drawFigures();
        put('live-jobs', jobTable(reply.jobs));
        byId('live-time', HTMLElement).replaceChildren(`as of ${clock(Date.now())}`);
      },
    );
  }

  drawFigures() {
    const { reply, rows = [] } = this.nodes.current ?? {};
    const { every_s: everyS = 5, window_s: windowS = 900 } = reply ?? {};
    this.charts.draw(rows, everyS * 1_000, windowS * 1_000);
    put('live-stages', stageTable(rows));
    this.drawTiles();
  }

  drawTiles() {
    const { reply, rows = [] } = this.nodes.current ?? {};
    put('live-tiles', tiles(rows, reply, this.stats));
  }

  readAlerts() {
    return this.read(
      'Alerts',
      () => shop.operator.alerts(),
      (reply) => {
        const panel = alertsPanel(reply);
        put('live-alerts', panel);
        say(panel.querySelector('p')?.textContent ?? '');
      },
    );
  }

  readCluster() {
    const asked = () =>
      Promise.all([shop.operator.cluster({ limit: PARTITIONS }), shop.operator.stats()]);
    return this.read('The cluster', asked, ([cluster, stats]) => {
      Object.assign(this, { cluster, stats });
      put('live-shards', shardTable(cluster, stats), queryNodeTable(cluster));
      put('live-partitions', partitionRows(cluster));
      byId('live-partitions-box', HTMLElement).hidden = false;
      this.drawTiles();
      this.drawAdvice();
    });
  }

  readDecisions() {
    return this.read(
      'Scaling decisions',
      () => shop.operator.decisions(),
      (decisions) => put('live-decisions', decisionList(decisions)),
    );
  }

  readTenants() {
    const asked = () =>
      Promise.all([shop.operator.usage({ limit: TENANTS, days: 1 }), shop.operator.outlook()]);
    return this.read('Tenants and advice', asked, ([{ tenants, next_cursor: more }, outlook]) => {
      this.outlook = outlook;
      put('live-tenants', tenantTable(tenants, more === undefined));
      this.drawAdvice();
    });
  }

  drawAdvice() {
    const { advice, days_until_full: days } = this.outlook;
    const reliefs = reliefItems(this.cluster?.advice ?? []);
    const items = [...reliefs, ...adviceItems(advice), ...fullItems(days)];
    const none = element('p', 'none', 'Nothing is too full, too busy or outgrows what it has.');
    const list = items.length === 0 ? none : element('ul', 'advice', ...items);
    put('live-advice', element('section', '', element('h2', '', 'Advice'), list));
  }

  /**
   * @template T
   * @param {string} what
   * @param {() => Promise<T>} call
   * @param {(reply: T) => void} draw
   */
  async read(what, call, draw) {
    try {
      draw(await withKey(call));
      this.trouble.delete(what);
    } catch (error) {
      this.trouble.set(what, errorText(error).detail);
      const status = error instanceof OmniSearchError ? error.status : undefined;
      // Whom the server does not let in asks it nothing more.
      if (status === UNAUTHORIZED || status === FORBIDDEN) this.setPaused(true);
    }
    const lines = [...this.trouble].map(([of, text]) => `${of} cannot be read: ${text}`);
    const box = byId('live-trouble', HTMLElement);
    box.hidden = lines.length === 0;
    if (box.textContent !== lines.join('')) {
      box.replaceChildren(...lines.map((line) => element('p', '', line)));
    }
  }
}

/** Draws a panel anew, unless somebody is in it. @param {string} id @param {...Node} content */
function put(id, ...content) {
  const panel = byId(id, HTMLElement);
  if (!panel.contains(document.activeElement)) panel.replaceChildren(...content);
}

/** To who hears the page; the same is not said again. @param {string} text */
function say(text) {
  const said = byId('live-said', HTMLElement);
  if (said.textContent !== text) said.replaceChildren(text);
}
