// Divides an application's sources, so that a change builds again only what depends on it. In the folder of the application:
//
//   split.mjs VENDOR PHP SCRIPT    the Composer packages; auto, always or never; the script that makes the bundle, or ""
//
//   /out/packages   what an installation of the packages reads: manifests without scripts, locks, settings, patches, local packages
//   /out/php        is there if the bundle runs PHP
//   .               what is left for the bundle: all but tests, and without PHP code unless the bundle runs or reads it
import { cpSync, existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { bundleScript, die, json, say, text, workspaces } from './common.mjs';

const [vendor, php, script] = process.argv.slice(2);
const packages = '/out/packages';
mkdirSync(packages, { recursive: true });

/** All files below the application's folder but installed and generated ones. */
function* files(folder = '.') {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
        const path = join(folder, entry.name);
        if (!entry.isDirectory()) {
            yield path;
        } else if (!['node_modules', '.git'].includes(entry.name) && !['vendor', 'storage', 'tests'].includes(path)) {
            yield* files(path);
        }
    }
}

/** A manifest, or null if it cannot be read. */
function readable(file) {
    try {
        return JSON.parse(text(file));
    } catch {
        return null;
    }
}

function keep(path, from = path) {
    mkdirSync(dirname(join(packages, path)), { recursive: true });
    cpSync(from, join(packages, path), { recursive: true });
}

// Of the root's folder; whatever else an installation reads is named in one of these.
const settings = ['package-lock.json', 'npm-shrinkwrap.json', 'pnpm-lock.yaml', 'pnpm-workspace.yaml', '.pnpmfile.cjs', '.pnpmfile.mjs', 'yarn.lock',
    '.yarnrc', '.yarnrc.yml', '.yarn', 'bun.lock', 'bun.lockb', 'bunfig.toml', '.npmrc', '.nvmrc', '.node-version'];

function packagesOf(all) {
    settings.filter((name) => existsSync(name)).forEach((name) => keep(name));
    for (const file of all.filter((path) => /\.(patch|diff)$/.test(path))) {
        keep(file);
    }
    const own = new Set(['package.json', ...workspaces(json('package.json')).map((folder) => `${folder}/package.json`)]);
    for (const file of all.filter((path) => /(^|\/)package\.json$/.test(path))) {
        // Another one is somebody's documentation or a published asset, unless a package is in its folder.
        const manifest = own.has(file) ? json(file) : readable(file);
        if (!manifest) {
            continue;
        }
        // Scripts of the repository need its files. They run in the stage "assets", where all files are.
        delete manifest.scripts;
        // A folder or archive as a package, which Composer may have brought.
        for (const [, , given] of JSON.stringify(manifest).matchAll(/"(file|link|portal):([^"]+)"/g)) {
            const path = normalize(join(dirname(file), given.split('#')[0]));
            const from = path.startsWith('vendor/') ? join(vendor, path.slice('vendor/'.length)) : path;
            if (!own.has(file) && (path.startsWith('..') || !existsSync(from))) {
                continue;
            }
            if (path.startsWith('..')) {
                die(`${file} needs ${given}, which is outside of the application's folder`);
            }
            existsSync(from) ? keep(path, from) : die(`${file} needs ${given}, which does not exist`);
        }
        mkdirSync(dirname(join(packages, file)), { recursive: true });
        writeFileSync(join(packages, file), JSON.stringify(manifest, null, 2));
    }
}

/** Whether something that the bundle executes starts PHP: scripts, from the bundle's on, and the configuration of the bundler. */
function startsPHP(all, manifest, bundle) {
    const scripts = manifest.scripts ?? {};
    const reached = new Set();
    const follow = (name) => {
        if (scripts[name] && !reached.has(name)) {
            reached.add(name);
            Object.keys(scripts).filter((other) => new RegExp(`(^|[\\s"':])${other.replace(/\W/g, '\\$&')}($|[\\s"'])`).test(scripts[name])).forEach(follow);
            [`pre${name}`, `post${name}`].forEach(follow);
        }
    };
    [bundle, 'preinstall', 'install', 'postinstall', 'prepare'].forEach(follow);
    const command = /(^|[\s"'`(;&|])php[\d.]*\s|\bartisan\b/;
    if ([...reached].some((name) => command.test(scripts[name]))) {
        return true;
    }
    return all.filter((file) => /^(vite|vitest|webpack|rspack|rsbuild|rollup|rolldown|esbuild|mix)\b[\w.-]*\.[cm]?[jt]s$/.test(file)).some((file) => {
        const code = text(file).replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|\s)\/\/.*$/gm, '');
        // The plugin of Laravel Wayfinder runs `php artisan wayfinder:generate` at the start of every bundle (src/vite-plugin-wayfinder.ts).
        return /plugin-wayfinder|\bartisan\b/.test(code) || command.test(code);
    });
}

rmSync('tests', { recursive: true, force: true });
['phpunit.xml', 'phpunit.xml.dist'].forEach((file) => rmSync(file, { force: true }));
const all = [...files()];
const manifest = existsSync('package.json') ? json('package.json') : undefined;
const bundle = manifest && bundleScript(manifest, script);
let readsPHP = false;
if (manifest) {
    packagesOf(all);
    if (!['auto', 'always', 'never'].includes(php)) {
        die(`image.assets.php is ${php}: use auto, always or never`);
    }
    if (bundle && (php === 'always' || (php === 'auto' && startsPHP(all, manifest, bundle)))) {
        say('the bundle runs PHP, so a change of PHP code makes it again (image.assets.php)');
        writeFileSync('/out/php', '');
        readsPHP = true;
    }
    // Tailwind and similar tools look for class names in all files.
    readsPHP ||= /tailwind|unocss|windicss/.test(text('package.json'));
}
if (bundle) {
    // Of a developer's machine. The image would have a bundle that this build did not make.
    ['public/build', 'bootstrap/ssr'].forEach((folder) => rmSync(folder, { recursive: true, force: true }));
}
if (!readsPHP) {
    all.filter((file) => /^(app|bootstrap|database|routes)\/.*\.php$/.test(file)).forEach((file) => rmSync(file));
}
