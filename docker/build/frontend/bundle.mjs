// Runs what the repository wants after an installation, then makes the bundle. In the folder of the application, with all sources.
//
//   bundle.mjs SCRIPT ENVIRONMENT    the script that makes it, or ""; image.buildEnv as JSON, or ""
import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { bundleScript, die, json, lifecycle, run, say, workspaces } from './common.mjs';
import { variables as named } from './credentials.mjs';
import { environment, manager } from './managers.mjs';

const [script, given] = process.argv.slice(2);
if (!existsSync('package.json')) {
    process.exit(0);
}
const manifest = json('package.json');
const name = bundleScript(manifest, script);
const chosen = manager(manifest) ?? { name: 'npm', kind: 'npm' };
const php = existsSync('/usr/bin/php');

let variables = {};
try {
    variables = JSON.parse(given || '{}');
} catch (error) {
    die(`BUILD_ENV is not JSON such as {"VITE_APP_NAME": "Shop"}: ${error.message}`);
}

// What artisan needs to start without an environment, as in app.sh. The key only lets the framework boot.
const artisan = {
    APP_ENV: 'production', APP_KEY: `base64:${Buffer.alloc(32, '0').toString('base64')}`, LOG_CHANNEL: 'null', CACHE_DRIVER: 'array', CACHE_STORE: 'array',
    SESSION_DRIVER: 'array', QUEUE_CONNECTION: 'sync',
};
if (php) {
    ['app/public', 'logs', 'framework/cache/data', 'framework/sessions', 'framework/views'].forEach((folder) => mkdirSync(`storage/${folder}`, { recursive: true }));
    mkdirSync('bootstrap/cache', { recursive: true });
}
// Hooks of Git have no place here: https://typicode.github.io/husky/how-to.html#ci-server-and-docker.
// Yarn does not run without the variables that .yarnrc.yml names; the tokens were there for the installation only.
const missing = Object.fromEntries(named().filter((name) => process.env[name] === undefined).map((name) => [name, 'only-for-the-installation']));
const env = { ...environment(chosen.kind), HUSKY: '0', ...missing, ...(php ? artisan : {}), ...variables };

async function start(task, cwd) {
    const { ok, output } = await run(chosen.name, ['run', task], { cwd, env });
    if (ok) {
        return;
    }
    if (!php && /php\d?: (command )?not found|spawn php|php[^\n]*ENOENT/.test(output)) {
        say('the bundle runs PHP, which could not be seen in package.json and the configuration of the bundler: set image.assets.php: always');
    }
    if (/heap out of memory/.test(output)) {
        say('Node had no memory left: set image.buildEnv.NODE_OPTIONS: --max-old-space-size=4096');
    }
    die(`${chosen.name} run ${task}${cwd === '.' ? '' : ` in ${cwd}`} failed`);
}

for (const folder of [...workspaces(manifest), '.']) {
    const scripts = json(`${folder}/package.json`).scripts ?? {};
    for (const task of lifecycle(chosen.kind).filter((task) => scripts[task])) {
        await start(task, folder);
    }
}
if (name) {
    await start(name, '.');
} else if (['vite.config.js', 'vite.config.ts', 'vite.config.mjs', 'vite.config.mts', 'webpack.mix.js'].some((file) => existsSync(file))
    && !['public/build/manifest.json', 'public/mix-manifest.json'].some((file) => existsSync(file))) {
    die('package.json has no script build, production or prod, so nothing is bundled: name the script in image.assets.script');
} else {
    say('package.json has no script build, production or prod, so nothing is bundled (image.assets.script names another one)');
}
rmSync('public/hot', { force: true });
