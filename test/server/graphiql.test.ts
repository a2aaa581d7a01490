import { existsSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { chromium, type Browser, type Page } from 'playwright-core';
import { openTestApp, type TestApp } from '../support/app.js';

const CHROMIUM = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find((path) => existsSync(path));
const QUIET = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'];

/** A browser on a busy machine takes its time. */
const PATIENCE = 60_000;

// Skipped, visibly, where no browser is installed.
(CHROMIUM ? describe : describe.skip)('GraphiQL in a real browser', () => {
  let app: TestApp;
  let browser: Browser;
  let page: Page;
  const asked: string[] = [];
  const problems: string[] = [];

  beforeAll(async () => {
    app = await openTestApp();
    browser = await chromium.launch({ executablePath: CHROMIUM!, args: QUIET });
    page = await browser.newPage();
    page.setDefaultTimeout(PATIENCE);
    page.on('request', (request) => asked.push(request.url()));
    page.on('console', (message) => void (message.type() === 'error' && problems.push(message.text())));
    page.on('pageerror', (error) => problems.push(error.message));
  }, 2 * PATIENCE);
  afterAll(async () => {
    await browser?.close();
    await app?.close();
  });

  it('answers the first query as whoever the link is for, and forgets the token in the address', async () => {
    const { token } = await app.as('auditor');
    await page.goto(`${app.url}/graphql#token=${token}`);
    await page.click('.graphiql-execute-button');
    // The editor draws its lines bit by bit: waiting for the answer is asserting it.
    await page.locator('.result-window', { hasText: '"name": "Aude Auditor"' }).waitFor();
    expect(page.url()).toBe(`${app.url}/graphql`);
  }, 2 * PATIENCE);

  it('follows a subscription over a WebSocket, as the same person', async () => {
    const editor = `document.querySelector('.graphiql-query-editor .CodeMirror').CodeMirror`;
    await page.evaluate(`${editor}.setValue('subscription Mine { tasksChanged { text } }')`);
    // GraphiQL reads what was written a moment later, and only then knows a subscription from a query.
    while ((await page.evaluate(`${editor}.documentAST?.definitions[0].operation`)) !== 'subscription') await page.waitForTimeout(10);
    await page.click('.graphiql-execute-button');
    await page.locator('.result-window', { hasText: '"tasksChanged": []' }).waitFor();
    expect(app.subscribers()).toBe(1);
    await page.click('.graphiql-execute-button');
    while (app.subscribers() > 0) await page.waitForTimeout(10);
  }, 2 * PATIENCE);

  it('asks nobody but this server, and nothing in it complains', () => {
    expect(asked.filter((url) => !url.startsWith(`${app.url}/`) && !url.startsWith('data:') && !url.startsWith('blob:'))).toEqual([]);
    expect(problems).toEqual([]);
  });
});
