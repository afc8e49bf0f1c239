# The tools of the comparison: composer and node for the article's stages, and wrk, which creates the load.
ARG BASE_IMAGE=debian:trixie-slim

FROM ${BASE_IMAGE} AS composer
ENV COMPOSER_ALLOW_SUPERUSER=1 COMPOSER_HOME=/opt/composer
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates composer php-cli php-mbstring php-xml unzip \
    && rm -rf /var/lib/apt/lists/*
COPY packages.sh pool.php /usr/local/lib/build/
# As in our own build: Debian's Laravel if Packagist does not answer.
RUN mkdir -p /opt/composer /var/cache/debs && /usr/local/lib/build/packages.sh prepare \
    && if [ -d /opt/pool ]; then printf '%s' \
        '{"repositories": [{"type": "path", "url": "/opt/pool/*", "options": {"symlink": false}}, {"packagist.org": false}]}' \
        > /opt/composer/config.json; fi

FROM ${BASE_IMAGE} AS node
ENV NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates nodejs npm \
    && rm -rf /var/lib/apt/lists/*

FROM ${BASE_IMAGE} AS wrk
RUN apt-get update \
    && apt-get install -y --no-install-recommends wrk \
    && rm -rf /var/lib/apt/lists/*
ENTRYPOINT ["wrk"]
