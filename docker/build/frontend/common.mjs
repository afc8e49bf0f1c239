// Shared by the three steps of the front end: split.mjs, install.mjs, bundle.mjs.
import { spawn } from 'node:child_process';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';

// Node and the package manager that the application asks for are installed here, before the image's own in PATH.
export const ownTools = '/opt/app';

export const say = (text) => console.error(`front end: ${text}`);

/** Ends the build with a reason. */
export function die(text) {
    say(text);
    process.exit(1);
}

export const text = (file) => (existsSync(file) ? readFileSync(file, 'utf8') : '');

/** A JSON file, with the name of the file in the error. */
export function json(file) {
    try {
        return JSON.parse(text(file).replace(/^\uFEFF/, ''));
    } catch (error) {
        die(`${file} cannot be read: ${error.message}`);
    }
}

/** Runs a command in a folder, shows what it prints, and tells whether it worked and what it printed. */
export function run(command, args, { cwd = '.', env = {} } = {}) {
    const path = [join(ownTools, 'bin'), '/opt/node/bin', process.env.PATH].join(delimiter);
    const child = spawn(command, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, PATH: path, ...env } });
    let stdout = '';
    let output = '';
    child.stdout.on('data', (data) => { stdout += data; output += data; process.stdout.write(data); });
    child.stderr.on('data', (data) => { output += data; process.stderr.write(data); });
    return new Promise((done) => {
        child.on('error', (error) => done({ ok: false, stdout, output: String(error) }));
        child.on('close', (status) => done({ ok: status === 0, stdout, output }));
    });
}

// What a package manager runs after an installation, in this order (https://docs.npmjs.com/cli/v11/using-npm/scripts, "npm ci").
const afterInstall = ['preinstall', 'install', 'postinstall', 'preprepare', 'prepare', 'postprepare'];

/** The names of the scripts that belong to the installation. Yarn 2 and later run no prepare (https://yarnpkg.com/advanced/lifecycle-scripts). */
export const lifecycle = (manager) => (manager === 'yarn berry' ? afterInstall.slice(0, 3) : afterInstall);

/** The script that makes the bundle: the one that is asked for, Vite's, or Mix's. */
export function bundleScript(manifest, wanted) {
    const scripts = manifest.scripts ?? {};
    if (wanted) {
        return scripts[wanted] ? wanted : die(`image.assets.script is ${wanted}, which is no script of package.json`);
    }
    return ['build', 'production', 'prod'].find((name) => scripts[name]);
}

/** The folders of workspaces: package.json (npm, yarn, bun) or pnpm-workspace.yaml names them. */
export function workspaces(manifest) {
    const list = manifest.workspaces?.packages ?? manifest.workspaces ?? [];
    const yaml = text('pnpm-workspace.yaml').match(/^packages:\s*\n((?:\s*(?:-.*|#.*)?\n?)+)/m)?.[1] ?? '';
    const patterns = [...list, ...[...yaml.matchAll(/^\s*-\s*['"]?([^'"#\s]+)/gm)].map((found) => found[1])];
    const folders = (pattern) => globSync(`${pattern.replace(/\/$/, '')}/package.json`, { exclude: (name) => name === 'node_modules' });
    const not = new Set(patterns.filter((p) => p.startsWith('!')).flatMap((p) => folders(p.slice(1))));
    return [...new Set(patterns.filter((p) => !p.startsWith('!')).flatMap(folders))]
        .filter((file) => !not.has(file) && file !== 'package.json').sort().map((file) => file.slice(0, -'/package.json'.length));
}
