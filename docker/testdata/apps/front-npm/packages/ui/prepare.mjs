import { copyFileSync } from 'node:fs';
copyFileSync('source.js', 'dist.js');
