import { createTransport } from 'nodemailer';
import type { Finding } from './finding.js';

const LIMIT_MS = 10_000;
const WEBHOOK = 'webhook:';

/** What is told of a server. */
export interface Notice {
  url: string;
  problems: readonly Finding[];
}

/** Tells by a webhook, whose JSON has `text` as chats read it, or by mail. Rejects where it was not taken. @param to as the setting has it */
export async function notify(to: string, notice: Notice): Promise<void> {
  if (to.startsWith(WEBHOOK)) return postTo(to.slice(WEBHOOK.length), notice);
  return mailBy(new URL(to), notice);
}

async function postTo(url: string, notice: Notice): Promise<void> {
  const { status, ok } = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ text: `${subjectOf(notice)}\n${linesOf(notice)}`, ...notice }),
    signal: AbortSignal.timeout(LIMIT_MS),
  });
  if (!ok) throw new Error(`the webhook answered ${status}`);
}

async function mailBy(url: URL, notice: Notice): Promise<void> {
  const to = url.searchParams.get('to') ?? '';
  const from = url.searchParams.get('from') ?? to.split(',')[0];
  const isTls = url.protocol === 'smtps:';
  const auth = { user: decodeURIComponent(url.username), pass: decodeURIComponent(url.password) };
  const transport = createTransport({
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: Number(url.port || (isTls ? 465 : 25)),
    secure: isTls,
    ...(url.username === '' ? {} : { auth }),
    connectionTimeout: LIMIT_MS,
    greetingTimeout: LIMIT_MS,
    socketTimeout: LIMIT_MS,
  });
  try {
    await transport.sendMail({ from, to, subject: subjectOf(notice), text: linesOf(notice) });
  } finally {
    transport.close();
  }
}

function subjectOf({ url, problems }: Notice): string {
  const worst = problems.some(({ level }) => level === 'critical') ? 'critical' : 'warning';
  return `OmniSearch ${worst}: ${url}`;
}

function linesOf({ problems }: Notice): string {
  return problems.map(({ level, check, message }) => `${level}: ${check}: ${message}`).join('\n');
}
