import { appendFileSync, readFileSync } from 'node:fs';
appendFileSync('installed.txt', `after ${readFileSync('resources/js/app.js', 'utf8').trim()}`);
