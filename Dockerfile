# One target per service: docker build --target pkg . (docs/kubernetes.md). A reproducible build of all: npm run images.
# Both images may be replaced: BUILD_IMAGE needs node, npm and a shell, BASE_IMAGE needs node on its PATH and nothing else.
ARG BUILD_IMAGE=node:20.20.2-bookworm
ARG BASE_IMAGE=node:20.20.2-bookworm-slim

# Proving keys, one folder per circuit instance; none unless --build-context circuits=FOLDER brings them.
FROM scratch AS circuits

# The public part of them, which genesis pins.
FROM ${BUILD_IMAGE} AS public-keys
COPY --from=circuits / /circuits
RUN find /circuits -type f ! -name verification-key.json ! -name ceremony.json -exec rm {} +
FROM scratch AS verification-keys
COPY --from=public-keys /circuits /

# Dependencies are installed anew only where a manifest changes, not with every line of source.
FROM ${BUILD_IMAGE} AS manifests
WORKDIR /app
COPY . .
RUN find . -type f ! -name package.json ! -name package-lock.json -exec rm {} +

FROM ${BUILD_IMAGE} AS build
WORKDIR /app
COPY --from=manifests /app ./
RUN --mount=type=cache,target=/npm npm ci --cache /npm --ignore-scripts --no-audit --no-fund --loglevel=error
COPY . .
RUN node node_modules/typescript/bin/tsc -b services/*
RUN --mount=type=cache,target=/npm node scripts/images/production.mjs --cache /npm

# What all services share are the same layers: a node that runs several of them keeps these once. Version and revision are labels
# that the build gives (--label), so that layers stay what they are from one commit to the next.
FROM ${BASE_IMAGE} AS service
LABEL org.opencontainers.image.vendor="medveil" \
      org.opencontainers.image.licenses="Apache-2.0"
ENV NODE_ENV=production
WORKDIR /app
COPY --from=build /app/package.json /app/sbom.cdx.json ./
COPY --from=build /app/node_modules ./node_modules
COPY --from=build /app/libs ./libs
# Of nobody on the node; everything above belongs to root and is read only to it.
USER 10001:10001
STOPSIGNAL SIGTERM

FROM service AS pkg
LABEL org.opencontainers.image.title="medveil pkg" \
      org.opencontainers.image.description="Private key generator: enrols parties, issues and revokes their certificates"
COPY --from=build /app/services/pkg ./services/pkg
ENTRYPOINT ["node", "/app/services/pkg/dist/main.js"]

FROM service AS proxy-cloud
LABEL org.opencontainers.image.title="medveil proxy-cloud" \
      org.opencontainers.image.description="Keeps ciphertext and re-encrypts its capsules for whom an accepted claim allows it"
COPY --from=build /app/services/proxy-cloud ./services/proxy-cloud
ENTRYPOINT ["node", "/app/services/proxy-cloud/dist/main.js"]

FROM service AS contract
LABEL org.opencontainers.image.title="medveil contract" \
      org.opencontainers.image.description="Takes transactions to the ledger and serves what follows from its blocks"
COPY --from=build /app/services/contract ./services/contract
ENTRYPOINT ["node", "/app/services/contract/dist/main.js"]

FROM service AS consensus-node
LABEL org.opencontainers.image.title="medveil consensus-node" \
      org.opencontainers.image.description="One replica of the consortium's ledger"
COPY --from=build /app/services/consensus-node ./services/consensus-node
ENTRYPOINT ["node", "/app/services/consensus-node/dist/main.js"]

FROM service AS auditor
LABEL org.opencontainers.image.title="medveil auditor" \
      org.opencontainers.image.description="An auditor's agent: rules disputes, opens pseudonyms together with others"
COPY --from=build /app/services/auditor ./services/auditor
ENTRYPOINT ["node", "/app/services/auditor/dist/main.js"]

FROM service AS patient-api
LABEL org.opencontainers.image.title="medveil patient-api" \
      org.opencontainers.image.description="A hospital's agent: takes records in, consents, proves eligibility"
COPY --from=circuits / ./circuits-cache
COPY --from=build /app/services/patient-api ./services/patient-api
ENTRYPOINT ["node", "/app/services/patient-api/dist/main.js"]

FROM service AS research-api
LABEL org.opencontainers.image.title="medveil research-api" \
      org.opencontainers.image.description="An institution's agent: releases requirements, receives and checks deliveries"
COPY --from=circuits / ./circuits-cache
COPY --from=build /app/services/research-api ./services/research-api
ENTRYPOINT ["node", "/app/services/research-api/dist/main.js"]

# Whoever sets a network up and tries it out: its programs are made of parts of all the others.
FROM service AS setup
LABEL org.opencontainers.image.title="medveil setup" \
      org.opencontainers.image.description="Makes a network's keys and genesis, topics and access rights, tokens; runs exchanges on a network for a test"
COPY --from=verification-keys / ./circuits-cache
COPY --from=build /app/circuits ./circuits
COPY --from=build /app/services ./services
ENTRYPOINT ["node", "/app/services/setup/dist/main.js"]
