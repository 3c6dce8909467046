#!/bin/sh
# Run once by the image of Postgres, when its volume is empty: a role without further rights, and its database.
set -eu
psql --set ON_ERROR_STOP=1 --set password="$(cat /run/secrets/database-password)" --username postgres --dbname postgres <<'SQL'
CREATE ROLE auth LOGIN PASSWORD :'password';
CREATE DATABASE auth OWNER auth;
SQL
