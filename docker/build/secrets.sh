#!/bin/bash
# Fails, and names the files, if something that holds secrets is among the sources of an application: it would be part of a layer, and
# everybody who can pull the image could read it.
#
#   secrets.sh FOLDER APP IGNORE [package]    the sources, their folder in the repository, and the Dockerfile's ignore file
#
# Folders that never reach the image (vendor, node_modules, storage, tests) are not looked at. Of a package that Composer copies into vendor,
# storage and tests do reach it. A line !PATH of the ignore file lets a file pass if the line above it is a comment: the reason.
set -euo pipefail
folder=${1%/} app=${2%/} ignore=${3:-/dev/null}

private='( -name .netrc -o -name _netrc -o -name .git-credentials -o -name .pgpass -o -name .my.cnf -o -name .envrc -o -name .env -o -name .env.*
    -o -name auth.json -o -name credentials.json -o -name service-account*.json -o -name service_account*.json -o -name client_secret*.json
    -o -name id_rsa -o -name id_dsa -o -name id_ecdsa -o -name id_ed25519 -o -name *.p12 -o -name *.pfx -o -name *.jks -o -name *.keystore
    -o -name *.ppk -o -name *.kdbx -o -name *.tfstate -o -name *.sqlite -o -name *.sqlite3 -o -name *.sql.gz
    -o -path */.aws/* -o -path */.ssh/* -o -path */.gnupg/* -o -path */.docker/* -o -path */.kube/* )'
# The names are words for find, not patterns for this shell.
set -f
find_files() { find "$folder" "${absent[@]}" -type f "$@" -print; }
absent=()
for name in vendor node_modules ${4-storage tests}; do
    [[ $name == package ]] || absent+=(-path "$folder/$name" -prune -o)
done

{
    # shellcheck disable=SC2086
    find_files $private
    # Laravel's own dumps of the tables (schema:dump) have no rows; every other dump may.
    find_files -name '*.sql' ! -path '*/database/schema/*'
    # Certificates and public keys are not secret.
    find_files '(' -name '*.pem' -o -name '*.key' ')' | while IFS= read -r file; do
        if grep -qE 'BEGIN [A-Z0-9 ]*PRIVATE KEY' "$file" || ! grep -qE 'BEGIN ([A-Z0-9]+ )*(CERTIFICATE|PUBLIC KEY|DH PARAMETERS)' "$file"; then echo "$file"; fi
    done
    # A registry without a token needs no secret, and ${NPM_TOKEN} is only the name of one.
    find_files '(' -name .npmrc -o -name .yarnrc -o -name .yarnrc.yml -o -name bunfig.toml ')' | while IFS= read -r file; do
        if grep -qE '(_authToken|_auth|_password|npmAuthToken|npmAuthIdent|token)["'"'"']?[[:space:]]*[=:][[:space:]]*["'"'"']?[^[:space:]"'"'"'$]' "$file"; then echo "$file"; fi
    done
} | sort -u >/tmp/found

found=0
while IFS= read -r file; do
    path=$app/${file#"$folder"/}
    if awk -v want="!$path" '$0 == want && reason { ok = 1 } { reason = /^#/ } END { exit !ok }' "$ignore"; then continue; fi
    ((found++)) || echo "these files hold secrets as a rule, and would be part of the image:" >&2
    echo "    $path" >&2
done </tmp/found
rm -f /tmp/found
[[ $found = 0 ]] || {
    echo "Take them out of the folder, or name them in ${ignore##*/}. One that is not secret gets a line !PATH there, below a comment that says why." >&2
    exit 1
}
