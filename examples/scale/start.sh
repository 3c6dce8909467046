#!/bin/sh
# Runs a command of Postern (serve, doctor, ...) with the passwords of /run/secrets/ in the settings that need them.
set -eu
DATABASE_URL="postgres://auth:$(cat /run/secrets/database-password)@postgres/auth"
REDIS_URL="redis://:$(cat /run/secrets/redis-password)@redis:6379"
export DATABASE_URL REDIS_URL
# The same process goes on, so that SIGTERM reaches it.
exec node --max-semi-space-size=4 dist/src/cli.js "$@"
