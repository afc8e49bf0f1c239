// Which Node and which package manager an application has, by its files.
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { die, text } from './common.mjs';

export const semver = createRequire('/opt/node/lib/node_modules/npm/package.json')('semver');

// The lock files, and the installation that changes none of them.
const managers = {
    npm: { locks: ['npm-shrinkwrap.json', 'package-lock.json'], install: ['ci', '--no-progress'] },
    pnpm: { locks: ['pnpm-lock.yaml'], install: ['install', '--frozen-lockfile'] },
    yarn: { locks: ['yarn.lock'], install: ['install', '--frozen-lockfile', '--non-interactive'] },
    'yarn berry': { locks: ['yarn.lock'], install: ['install', '--immutable'] },
    bun: { locks: ['bun.lock', 'bun.lockb'], install: ['install', '--frozen-lockfile'] },
};

// The npm packages of the managers. Yarn from version 2 on is one file of its package, whose hash packageManager has (corepack does the same).
const sources = { npm: 'npm', pnpm: 'pnpm', yarn: 'yarn', 'yarn berry': '@yarnpkg/cli-dist', bun: 'bun' };

/** The manager's name, lock, package and version or range. undefined: there is nothing to install. */
export function manager(manifest) {
    const named = manifest.packageManager === undefined ? undefined : parse(manifest.packageManager);
    const found = Object.entries(managers).filter(([name]) => name !== 'yarn berry')
        .flatMap(([name, { locks }]) => locks.filter(existsSync).slice(0, 1).map((lock) => ({ name, lock })));
    if (found.length > 1) {
        die(`${found.map(({ lock }) => lock).join(' and ')} are locks of different package managers, and they may differ: keep the one that is used, and remove the other`);
    }
    if (found.length === 0) {
        const none = ['dependencies', 'devDependencies', 'optionalDependencies'].every((kind) => Object.keys(manifest[kind] ?? {}).length === 0);
        if (none && !manifest.workspaces) {
            return undefined;
        }
        die('package.json has no lock file: run npm install (or pnpm, yarn, bun install) and commit package-lock.json, pnpm-lock.yaml, yarn.lock or bun.lock');
    }
    const { name, lock } = found[0];
    if (named && named.name !== name) {
        die(`packageManager in package.json is ${manifest.packageManager}, but the lock file is ${lock}: remove one of them`);
    }
    const kind = name === 'yarn' && (named ? semver.major(named.version) > 1 : /^__metadata:/m.test(text(lock))) ? 'yarn berry' : name;
    return { name, kind, lock, install: managers[kind].install, source: sources[kind], ...(named ?? { version: usual(kind, lock) }), named: named !== undefined };
}

/** Variables for everything that a manager does here: no questions; Yarn's packages beside the application, not in a home; and no second
 * look at the installation by pnpm, for which package.json had no scripts. */
export const environment = (kind) => ({
    CI: 'true',
    ...(kind === 'yarn berry' ? { YARN_ENABLE_GLOBAL_CACHE: 'false', YARN_ENABLE_TELEMETRY: '0' } : {}),
    ...(kind === 'pnpm' ? {
        npm_config_verify_deps_before_run: 'false', pnpm_config_verify_deps_before_run: 'false',
        // The version is the right one: pnpm need neither look for it nor ask the lock for it (https://pnpm.io/settings/cli#pmonfail).
        npm_config_manage_package_manager_versions: 'false', pnpm_config_pm_on_fail: 'ignore',
    } : {}),
});

/** packageManager of package.json: NAME@VERSION[+ALGORITHM.HASH] (https://nodejs.org/api/packages.html#packagemanager). */
function parse(text) {
    const [, name, version, algorithm, hash] = /^(npm|pnpm|yarn|bun)@(\d+\.\d+\.\d+[\w.-]*)(?:\+(sha\d+)\.([0-9a-f]+))?$/.exec(text)
        ?? die(`packageManager in package.json is ${text}: use npm, pnpm, yarn or bun with an exact version, such as pnpm@10.34.8`);
    return { name, version, algorithm, hash };
}

/** The version for a lock whose repository names none. */
function usual(kind, lock) {
    switch (kind) {
        case 'pnpm': {
            // https://github.com/pnpm/spec/issues/7 has the formats of the versions. pnpm 11 and 12 read 9.0, too, but refuse packages whose
            // scripts nobody has allowed, where 10 only warns.
            const format = Number(/^lockfileVersion:\s*['"]?([\d.]+)/m.exec(text(lock))?.[1]);
            return format < 6 ? '^7' : format < 9 ? '^8' : '^10';
        }
        case 'yarn':
            return '^1';
        case 'yarn berry': {
            // Yarn starts the release that yarnPath names by itself.
            const format = Number(/^ {2}version:\s*(\d+)/m.exec(text(lock))?.[1]);
            return format < 6 ? '^2' : format < 8 ? '^3' : '^4';
        }
        case 'bun':
            return '^1';
        default:
            return undefined; // the npm of this image
    }
}

// https://github.com/nodejs/Release/blob/main/CODENAMES.md
const codenames = { argon: 4, boron: 6, carbon: 8, dubnium: 10, erbium: 12, fermium: 14, gallium: 16, hydrogen: 18, iron: 20, jod: 22, krypton: 24, lithium: 26 };

/** The range of Node's versions that the application asks for, and where; undefined: any. */
export function node(manifest) {
    const line = (file) => text(file).split('\n').map((line) => line.replace(/#.*/, '').trim()).find((line) => line !== '');
    for (const [file, asked] of [['.nvmrc', line('.nvmrc')], ['.node-version', line('.node-version')],
        ['volta.node in package.json', manifest.volta?.node], ['engines.node in package.json', manifest.engines?.node]]) {
        if (asked === undefined || ['lts/*', 'system', 'default'].includes(asked)) {
            continue;
        }
        const version = asked.toLowerCase().replace(/^v(?=\d)/, '');
        const range = ['node', 'latest', 'current', 'stable'].includes(version) ? '*' : version.startsWith('lts/') ? String(codenames[version.slice(4)]) : version;
        if (semver.validRange(range) === null) {
            die(`${file} asks for Node ${asked}, which is no version: write 24, for example`);
        }
        return { file, asked, range, newest: range === '*' && file.startsWith('.n') };
    }
    return undefined;
}

// engines.node of the last release of each npm.
const npms = [['^11', '^20.17.0 || >=22.9.0'], ['^10', '^18.17.0 || >=20.5.0'], ['^9', '^14.17.0 || ^16.13.0 || >=18.0.0'], ['^8', '^12.13.0 || ^14.15.0 || >=16']];

/** The npm that runs on a version of Node. */
export const npmFor = (version) => npms.find(([, nodes]) => semver.satisfies(version, nodes))?.[0] ?? '^6';
