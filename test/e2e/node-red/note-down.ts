import { appendFileSync } from 'node:fs';

/** What an administrator configures to reach the users of Node-RED: here it writes down what it was told. */
const [file = '', kind = '', text = '', seconds = ''] = process.argv.slice(2);
appendFileSync(file, `${JSON.stringify({ at: Date.now(), kind, text, seconds })}\n`);
