// Tokens for private registries. They come as BuildKit's secrets, which are mounted for one command and are in no layer: NPM_TOKEN and
// NODE_AUTH_TOKEN, whose names stand in the application's .npmrc, .yarnrc.yml or bunfig.toml (https://docs.npmjs.com/using-private-packages-in-a-ci-cd-workflow),
// and npmrc, .npmrc of the developer's home. The Dockerfile has this command's own home in memory.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { die, say, text } from './common.mjs';

const secrets = '/run/secrets';
const names = ['NPM_TOKEN', 'NODE_AUTH_TOKEN'];
const settings = ['.npmrc', '.yarnrc', '.yarnrc.yml', 'bunfig.toml', 'pnpm-workspace.yaml'];

/** The variables that the settings of the package managers name. */
export const variables = () => [...new Set(settings.flatMap((file) => [...text(file).matchAll(/^(?!\s*[#;]).*/gm)]
    .flatMap(([line]) => [...line.matchAll(/\$\{(\w+)[^}]*\}|=\s*"?\$(\w+)/g)].map(([, a, b]) => a ?? b))))];

/** Variables of the home's logins that are not set. */
let missing = [];

/** Puts what was given where the package managers look for it. */
export function credentials() {
    const found = names.filter((name) => existsSync(join(secrets, name)));
    found.forEach((name) => { process.env[name] = readFileSync(join(secrets, name), 'utf8').trim(); });
    // Only logins: another registry or prefix of that machine has no place here.
    // And npm sends a ${NAME} that is not set as it is (@npmcli/config, lib/env-replace.js): such a login would be worse than none.
    const unset = (line) => [...line.matchAll(/\$\{(\w+)\??\}/g)].map(([, name]) => name).filter((name) => process.env[name] === undefined);
    const lines = text(join(secrets, 'npmrc')).split('\n').filter((line) => /^\s*\/\/[^=\s]+:(_authToken|_auth|_password|username|email)\s*=/.test(line));
    const logins = lines.filter((line) => unset(line).length === 0).join('\n');
    missing = [...new Set(lines.flatMap(unset))];
    if (missing.length > 0) {
        say(`.npmrc of your home logs in with ${missing.join(' and ')}, which the build was not given: these logins are left out`);
    }
    if (logins) {
        writeFileSync(join(homedir(), '.npmrc'), `${logins}\n`, { mode: 0o600 });
        found.push('.npmrc of your home');
    }
    return {
        found,
        /** The file with the application's settings and the logins. */
        merged() {
            const file = join(homedir(), 'merged.npmrc');
            writeFileSync(file, `${text('.npmrc')}\n${logins}\n`, { mode: 0o600 });
            return file;
        },
    };
}

/** Ends the build with what to do, if a registry refused the request. npm has E401 and the like, pnpm ERR_PNPM_FETCH_401, Yarn 2 YN0041. */
export function refused(output, { found }) {
    const wanted = [...new Set([...variables(), ...missing])].filter((name) => process.env[name] === undefined);
    if (!/E40[134]\b|\b40[134] (Unauthorized|Forbidden|Not Found)|FETCH_40[134]|YN0041|Environment variable not found|"?https?:\S+: ?(Request failed )?"?40[134]|GET \S+ - 40[134]/.test(output)) {
        return;
    }
    const known = wanted.filter((name) => names.includes(name));
    const how = 'and build with make up: docs/your-application.md, Private packages';
    if (known.length > 0) {
        die(`a registry refused the request: ${known.join(' and ')}, which the settings name, is not set. Have it in the shell, ${how}`);
    }
    if (wanted.length > 0) {
        die(`a registry refused the request: the settings name ${wanted.join(' and ')}, but the build gets ${names.join(' and ')} only. Use one of these names, ${how}`);
    }
    die(`a registry refused the request, or has no such package. ${found.length > 0 ? `The build was given ${found.join(' and ')}: see the lines above`
        : `For a private one, write //HOST/:_authToken=\${NPM_TOKEN} in .npmrc, have NPM_TOKEN in the shell, ${how}`}`);
}
