import isNumber from 'is-number';
import { mkdirSync, writeFileSync } from 'node:fs';

mkdirSync('public/build', { recursive: true });
writeFileSync('public/build/facts.json', JSON.stringify({
    manager: process.env.npm_config_user_agent.split(' ')[0], node: process.version, patched: isNumber('patched'),
}));
