// Installs the packages of the front end, with the Node and the package manager that the application asks for, and lists them for the
// image's list of packages. In the folder of the application, with the files that split.mjs chose. No package.json: does nothing.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { die, json, ownTools, run, say, text } from './common.mjs';
import { credentials, refused } from './credentials.mjs';
import { environment as usual, manager, node, npmFor, semver } from './managers.mjs';

const cache = '/var/cache/npm';
mkdirSync('/out/sbom', { recursive: true });
const manifest = existsSync('package.json') ? json('package.json') : undefined;
const chosen = manifest && manager(manifest);
const given = credentials();
if (chosen) {
    await tools();
    await packages();
}
writeFileSync('/out/sbom/package-lock.json', JSON.stringify({ packages: chosen ? installed() : {} }));

/** Installs tools that are not this image's own. The registry of the application's .npmrc serves them as well. */
async function add(...names) {
    const settings = existsSync('.npmrc') ? ['--userconfig', given.merged()] : [];
    const done = await run('/opt/node/bin/npm', ['install', '--global', '--prefix', ownTools, '--ignore-scripts=false', '--no-progress', '--loglevel=error', ...settings, ...names]);
    if (!done.ok) {
        refused(done.output, given);
        die(`${names.join(' and ')} could not be installed`);
    }
}

/** The Node and the manager that the application asks for. */
async function tools() {
    let version = process.versions.node;
    let from = 'the default';
    const asked = node(manifest);
    if (asked) {
        from = `${asked.file}: ${asked.asked}`;
    }
    if (asked?.newest || (asked && !semver.satisfies(version, asked.range))) {
        await add(`node-linux-${process.arch}@${asked.range}`);
        version = (await run(join(ownTools, 'bin/node'), ['-p', 'process.versions.node'])).stdout.trim();
        if (chosen.kind === 'npm' && !chosen.version) {
            chosen.version = npmFor(version);
        }
    }
    if (chosen.version) {
        await add(chosen.hash ? await verified() : `${chosen.source}@${chosen.version}`);
    }
    const own = (await run(chosen.name, ['--version'], { env: environment() })).stdout.trim();
    say(`Node ${version} (${from}), ${chosen.name} ${own} (${chosen.named ? 'packageManager' : chosen.lock})`);
}

/** The package of the manager, whose hash must be the one in packageManager, as corepack computes it. */
async function verified() {
    const { stdout, ok } = await run('/opt/node/bin/npm', ['pack', '--silent', '--pack-destination', tmpdir(), `${chosen.source}@${chosen.version}`]);
    ok || die(`${chosen.source}@${chosen.version} could not be fetched`);
    const file = join(tmpdir(), stdout.trim().split('\n').pop());
    let content = readFileSync(file);
    if (chosen.kind === 'yarn berry') {
        await run('tar', ['-xzf', file, '-C', tmpdir(), 'package/bin/yarn.js']);
        content = readFileSync(join(tmpdir(), 'package/bin/yarn.js'));
    }
    const hash = createHash(chosen.algorithm).update(content).digest('hex');
    hash === chosen.hash || die(`${chosen.name} ${chosen.version} has the ${chosen.algorithm} hash ${hash}, but packageManager in package.json says ${chosen.hash}`);
    return file;
}

/** No questions, and the caches of all managers in one mount. */
function environment() {
    const caches = {
        npm: {},
        pnpm: { npm_config_store_dir: join(cache, 'pnpm'), pnpm_config_store_dir: join(cache, 'pnpm') },
        yarn: { YARN_CACHE_FOLDER: join(cache, 'yarn') },
        'yarn berry': {}, // whose cache is a part of the installation
        bun: { BUN_INSTALL_CACHE_DIR: join(cache, 'bun') },
    };
    return { ...usual(chosen.kind), ...caches[chosen.kind] };
}

async function packages() {
    let done = await run(chosen.name, chosen.install, { env: environment() });
    // npm before 11 wrote locks without the optional packages of other platforms, and takes them: https://github.com/npm/cli/issues/4828.
    if (!done.ok && chosen.kind === 'npm' && !chosen.named && /Missing: .* from lock file/.test(done.output)) {
        say('npm 11 refuses this lock, in which packages are missing: trying npm 10. Make it new: rm -r node_modules package-lock.json && npm install');
        await add('npm@^10');
        done = await run(chosen.name, chosen.install, { env: environment() });
    }
    if (!done.ok) {
        if (/node-gyp|gyp ERR/.test(done.output)) {
            say('a package has to be compiled here, and there is no compiler: take a version of it with a binary for this Node');
        }
        refused(done.output, given);
        die(`${chosen.name} ${chosen.install.join(' ')} failed`);
    }
}

/** What is installed, in the shape of package-lock.json. */
function installed() {
    const found = {};
    const visit = (modules) => {
        for (const entry of existsSync(modules) ? readdirSync(modules, { withFileTypes: true }) : []) {
            const folder = join(modules, entry.name);
            if (!entry.isDirectory()) {
                continue; // a link is a package of the repository, or one that is found at its own place
            }
            if (entry.name.startsWith('@')) {
                visit(folder);
            } else if (entry.name === '.pnpm' || entry.name === '.bun') {
                readdirSync(folder).forEach((name) => visit(join(folder, name, 'node_modules')));
            } else if (existsSync(join(folder, 'package.json'))) {
                const { name, version } = json(join(folder, 'package.json'));
                if (name && version) {
                    found[`node_modules/${name}@${version}`] = { name, version };
                }
                visit(join(folder, 'node_modules'));
            }
        }
    };
    visit('node_modules');
    if (chosen.kind === 'yarn berry') { // may have no node_modules
        for (const [, name, version] of text('yarn.lock').matchAll(/^ {2}resolution: "(@?[^@"]+)@npm:([^"]+)"/gm)) {
            found[`node_modules/${name}@${version}`] = { name, version };
        }
    }
    return Object.fromEntries(Object.entries(found).sort(([a], [b]) => (a < b ? -1 : 1)));
}
