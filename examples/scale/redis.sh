#!/bin/sh
# Redis as REDIS_URL wants it. It keeps counts of minutes: nothing is written to a disk, and nothing dropped to make room.
set -eu
umask 077
printf 'requirepass %s\n' "$(cat /run/secrets/redis-password)" > /tmp/redis.conf
exec redis-server /tmp/redis.conf --save '' --appendonly no --maxmemory 64mb --maxmemory-policy noeviction
