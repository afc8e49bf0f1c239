#!/bin/bash
# Copies an application's sources to where they are in the image, without what the build makes itself and what lives on tmpfs: sources.sh FROM TO.
set -euo pipefail
shopt -s dotglob extglob nullglob
cp -a -t "$2" "$1"/!(vendor|node_modules|storage)
