# The gateway in a container, without the embedded Supabase: it needs a Supabase project (docs/DEPLOY.md).
# Debian, not Alpine: the code is tested with glibc.

FROM node:24-bookworm-slim AS build
WORKDIR /app
ENV NEXT_TELEMETRY_DISABLED=1
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts
COPY . .
RUN node bin/run.mjs next build

# What runs: neither dev dependencies nor the packaged Node, since the image brings one.
FROM node:24-bookworm-slim AS packages
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev --omit=optional --ignore-scripts

FROM node:24-bookworm-slim
ENV NODE_ENV=production NEXT_TELEMETRY_DISABLED=1 HOST=0.0.0.0 PORT=3000 SARMALINK_DATA_DIR=/var/lib/sarmalink
WORKDIR /app
RUN install -d -o node -g node -m 700 /var/lib/sarmalink
COPY package.json next.config.ts ./
COPY bin ./bin
COPY public ./public
COPY docs ./docs
COPY assets ./assets
COPY lib ./lib
COPY --from=packages /app/node_modules ./node_modules
COPY --from=build /app/.next ./.next
USER node
VOLUME /var/lib/sarmalink
EXPOSE 3000
HEALTHCHECK --interval=15s --timeout=5s --start-period=20s \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT || 3000}/api/health`).then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
# The server itself, so that it gets the signal that stops the container. It needs SHUTDOWN_GRACE_MS and 25 s more.
CMD ["node", "lib/server/cli/start.ts"]
