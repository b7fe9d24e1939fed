# The vault as a container. No container engine ran where this was written: its steps were run one by one in plain folders.
# See docs/operations/containers.md.

FROM node:24-bookworm-slim AS build
ENV TURBO_TELEMETRY_DISABLED=1 DO_NOT_TRACK=1
WORKDIR /opt/alter-vault
COPY . .
RUN npm install --global pnpm@11.28.11
# What the server is built of, and the connect page that it serves; nothing of the tests.
RUN pnpm install --frozen-lockfile --filter "@alter-ai/vault..." --filter "@alter-ai/connect-page..." --filter alter-vault
RUN pnpm exec turbo run build --filter=@alter-ai/vault --filter=@alter-ai/connect-page
# The dependencies that the server needs when it runs.
RUN find . -name node_modules -prune -exec rm -rf {} + \
  && pnpm install --frozen-lockfile --prod --filter "@alter-ai/vault..." \
  && rm -rf apps/e2e apps/demo bench tools packages/emulator packages/sdk packages/connect

FROM node:24-bookworm-slim
LABEL org.opencontainers.image.title="Alter Vault"
ENV NODE_ENV=production \
  HOST=0.0.0.0 \
  PORT=4000 \
  ALTER_VAULT_DATA_DIR=/var/lib/alter-vault \
  NODE_OPTIONS=--max-semi-space-size=16 \
  MALLOC_ARENA_MAX=2
COPY --from=build /opt/alter-vault /opt/alter-vault
RUN ln -s /opt/alter-vault/apps/vault/bin/alter.mjs /usr/local/bin/alter \
  && install -d -o node -g node -m 0700 /var/lib/alter-vault
USER node
WORKDIR /var/lib/alter-vault
VOLUME /var/lib/alter-vault
EXPOSE 4000
# Readiness turns false at once, accepted requests finish, exit code 0 within 20 s.
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s \
  CMD ["node", "-e", "fetch('http://127.0.0.1:4000/readyz').then((a) => process.exit(a.ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "/opt/alter-vault/apps/vault/dist/main.js"]
