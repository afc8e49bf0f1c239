// Collects what the role ssr needs besides the bundle: Node, and the npm packages that the bundle imports. Vite leaves all packages but linked
// ones out of a bundle for a server (https://vite.dev/guide/ssr.html#ssr-externals), and laravel-vite-plugin adds only itself to ssr.noExternal
// (src/index.ts). In the folder of the application, after the bundle; run with --experimental-vm-modules. Without a bundle it collects nothing.
//
//   /ssr/node      Node, for the root of the image
//   /ssr/modules   the packages, likewise
//   /ssr/sbom      the list of packages of install.mjs, in which these are marked
import { cpSync, existsSync, globSync, lstatSync, mkdirSync, readlinkSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { dirname, join, relative, resolve } from 'node:path';
import { SourceTextModule } from 'node:vm';
import { die, json, run, say, text } from './common.mjs';

const root = process.cwd();
const target = join('/ssr/modules', root);
['/ssr/node', '/ssr/modules', '/ssr/sbom'].forEach((folder) => mkdirSync(folder, { recursive: true }));
const list = json('/out/sbom/package-lock.json');
const taken = new Set();

// Where Inertia looks for the bundle (src/Ssr/BundleDetector.php of inertia-laravel). Chunks are beside it.
const files = globSync(['bootstrap/ssr/**/*.{js,mjs,cjs}', 'public/js/ssr.js']);
if (files.length > 0) {
    files.forEach(imports);
    await node();
    // The image has no package.json, which says that .js files are modules.
    if (existsSync('bootstrap/ssr') && json('package.json').type === 'module') {
        mkdirSync(join(target, 'bootstrap/ssr'), { recursive: true });
        writeFileSync(join(target, 'bootstrap/ssr/package.json'), '{"type": "module"}\n');
    }
}
writeFileSync('/ssr/sbom/package-lock.json', JSON.stringify(list));

/** The name of the package that a module is from; undefined: it is a file, a part of Node, or something else. */
function packageName(specifier) {
    return isBuiltin(specifier) ? undefined : /^(@[^/\s]+\/[^/\s]+|[a-z0-9~_][^/:\s]*)(\/|$)/i.exec(specifier)?.[1];
}

/** Takes the packages that a file of the bundle imports. */
function imports(file) {
    const code = text(file);
    let needed = [];
    try {
        const module = new SourceTextModule(code, { identifier: file });
        needed = module.moduleRequests?.map(({ specifier }) => specifier) ?? module.dependencySpecifiers;
    } catch {
        // CommonJS, which the next expression finds.
    }
    for (const name of new Set(needed.map(packageName).filter(Boolean))) {
        const found = find(name, resolve(dirname(file)));
        if (!found) {
            const why = existsSync('.pnp.cjs') ? 'Plug\'n\'Play has no node_modules' : 'it is not in node_modules';
            die(`${file} imports ${name}, and ${why}: set ssr: { noExternal: true } in the configuration of Vite, so that the bundle has its packages`);
        }
        take(found);
    }
    // What is not there may be meant for elsewhere, or stand in a string.
    for (const [, specifier] of code.matchAll(/\b(?:require|import)\(\s*["'`]([^"'`\n]+)["'`]\s*\)/g)) {
        const found = packageName(specifier) && find(packageName(specifier), resolve(dirname(file)));
        found && take(found);
    }
}

/** The folder of a package, as Node looks for it from another folder, but not above the application. */
function find(name, from) {
    for (let folder = from; folder.startsWith(root); folder = dirname(folder)) {
        const path = join(folder, 'node_modules', name);
        if (existsSync(join(path, 'package.json'))) {
            return path;
        }
    }
    return undefined;
}

/** Copies a package to the same place, with the link that leads to it, and all packages that it needs. */
function take(path) {
    const real = realpathSync(path);
    if (!real.startsWith(`${root}/`)) {
        die(`${relative(root, path)} is a link to ${real}, outside of the application: it cannot be in the image`);
    }
    const copy = (place) => join(target, relative(root, place));
    if (lstatSync(path).isSymbolicLink() && !existsSync(copy(path))) {
        mkdirSync(dirname(copy(path)), { recursive: true });
        lstatSync(copy(path), { throwIfNoEntry: false }) ?? symlinkSync(readlinkSync(path), copy(path));
    }
    if (taken.has(real)) {
        return;
    }
    taken.add(real);
    // Maps and types are for developers; packages below are taken if they are needed.
    cpSync(real, copy(real), { recursive: true, filter: (from) => !/\/node_modules(\/|$)|\.map$|\.d\.[cm]?ts$/.test(from.slice(real.length)) });
    const { name, version, dependencies, optionalDependencies, peerDependencies, peerDependenciesMeta } = json(join(real, 'package.json'));
    const entry = list.packages[`node_modules/${name}@${version}`];
    entry && (entry.shipped = true);
    for (const needed of Object.keys({ ...dependencies, ...optionalDependencies, ...peerDependencies })) {
        const found = peerDependenciesMeta?.[needed]?.optional ? undefined : find(needed, real);
        found && take(found);
    }
}

/** Takes the Node that made the bundle. */
async function node() {
    const [path, version] = (await run('node', ['-p', 'process.execPath + " " + process.versions.node'])).stdout.trim().split(' ');
    mkdirSync('/ssr/node/usr/local/bin', { recursive: true });
    cpSync(path, '/ssr/node/usr/local/bin/node');
    list.packages[`node_modules/node@${version}`] = { name: 'node', version, shipped: true };
    say(`for server-side rendering, Node ${version} and ${taken.size} packages are in the image; without such a bundle it has neither`);
}
