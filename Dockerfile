# docker build -t postern . && docker run -p 8000:8000 -v postern:/data -e PUBLIC_URL=http://localhost:8000 postern
FROM node:26.10-bookworm-slim AS base
WORKDIR /app
COPY package.json package-lock.json .npmrc ./

FROM base AS build
COPY tools tools
RUN npm ci --no-audit --no-fund
COPY tsconfig.json tsconfig.build.json ./
COPY src src
COPY plugins plugins
COPY routes routes
RUN npm run build

FROM base AS production
RUN npm ci --omit=dev --no-audit --no-fund

FROM node:26.10-bookworm-slim
LABEL org.opencontainers.image.title="Postern" \
      org.opencontainers.image.description="An authentication service that runs beside your application" \
      org.opencontainers.image.version="0.1.0" \
      org.opencontainers.image.licenses="MIT"
ENV NODE_ENV=production \
    HOST=0.0.0.0 \
    DATABASE_URL=sqlite:/data/postern.db \
    MALLOC_ARENA_MAX=1 \
    MALLOC_TRIM_THRESHOLD_=131072
# A new volume takes over the owner and the mode of the folder that it covers.
RUN mkdir -m 700 /data && chown node:node /data
WORKDIR /app
# All of /app belongs to root: the service cannot change itself. The modes are set because a checkout may be private.
COPY --from=production /app/node_modules node_modules
COPY --chmod=755 migrations migrations
COPY --chmod=755 src/mail/templates src/mail/templates
COPY --chmod=755 src/pages/files src/pages/files
COPY --chmod=644 package.json LICENSE ./
COPY --from=build /app/dist dist
USER node
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=5s --start-period=10s --retries=3 \
  CMD ["node", "-e", "fetch('http://127.0.0.1:' + (process.env.PORT || 8000) + '/health/ready').then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
# No shell and no npm in between: SIGTERM reaches the service, which answers what it has begun and ends.
ENTRYPOINT ["node", "--max-semi-space-size=4", "dist/src/cli.js"]
CMD ["serve"]
