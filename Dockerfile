# Clawplane in containers; README.md, "In a container", says how they are used.
#
#   docker build --target clawplaned -t clawplaned .   the control plane alone
#   docker build -t clawplane .                        with OpenClaw from npm
#
# Build arguments, all of which may be left out:
#   CCACHE_DIR           a directory mounted into the build, with a cache of the
#                        compiler's work
#   NODE_EXTRA_CA_CERTS  a file mounted into the build, with the certificates of
#                        authorities that npm has to trust

# --- Compiles the programs, and finds out what they need at run time.

FROM debian:bookworm-slim AS build
WORKDIR /src
COPY deploy/dev/packages.txt deploy/dev/
RUN apt-get update \
  && awk '/^\[/ { wanted = $1 == "[build]"; next } wanted && /^[^#]/ { print $1 }' \
    deploy/dev/packages.txt \
  | DEBIAN_FRONTEND=noninteractive xargs apt-get install -y --no-install-recommends \
  && rm -rf /var/lib/apt/lists/*
COPY CMakeLists.txt CMakePresets.json LICENSE ./
COPY proto proto
COPY core core
COPY client client
COPY server server
ARG CCACHE_DIR=
RUN if [ -z "$CCACHE_DIR" ]; then export CCACHE_DISABLE=1; fi \
  && export CCACHE_BASEDIR=/src CCACHE_NOHASHDIR=1 \
  && cmake --preset release \
  && cmake --build --preset release --target clawplaned clawctl \
  && cmake --install build/release --component programs --strip --prefix /out \
  && rm -rf build
# The packages that hold the libraries, so that nobody has to list them.
RUN ldd /out/bin/* | awk '$2 == "=>" { print "*/" $1 }' | sort -u \
  | xargs dpkg -S | cut -d: -f1 | sort -u >/out/packages && cat /out/packages

# --- The control plane, which connects to a gateway that somebody else runs on
# the same loopback.

FROM debian:bookworm-slim AS clawplaned
COPY --from=build /out/packages /usr/share/doc/clawplane/packages
RUN apt-get update \
  && DEBIAN_FRONTEND=noninteractive xargs -a /usr/share/doc/clawplane/packages \
    apt-get install -y --no-install-recommends \
  && rm -rf /var/lib/apt/lists/* /var/cache/apt/* /var/log/apt /var/log/dpkg.log \
  && groupadd --gid 1000 clawplane \
  && useradd --uid 1000 --gid 1000 --no-create-home --home-dir /var/lib/clawplane \
    --shell /usr/sbin/nologin clawplane \
  && install -d -o clawplane -g clawplane -m 0700 /var/lib/clawplane \
  && rm -f /var/log/lastlog /var/log/faillog
COPY LICENSE /usr/share/doc/clawplane/
COPY deploy/image/clawplaned.yaml /etc/clawplane/clawplane.yaml
COPY --from=build /out/bin/ /usr/local/bin/
# Where things are in this image. What may be decided stands in the file, which
# another one may be mounted over: the environment would win over that.
ENV CLAWPLANE_CONFIG=/etc/clawplane/clawplane.yaml \
    CLAWPLANE_STATE_DIR=/var/lib/clawplane
VOLUME /var/lib/clawplane
USER 1000:1000
WORKDIR /var/lib/clawplane
# For a TLS listener; whatever else is listened on is for this container alone.
EXPOSE 50063
HEALTHCHECK --interval=30s --timeout=5s --start-period=5s --retries=3 \
  CMD ["/usr/local/bin/clawplaned", "--probe"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["/usr/local/bin/clawplaned"]
ARG VERSION=0.1.0
LABEL org.opencontainers.image.title="clawplaned" \
      org.opencontainers.image.description="A gRPC control plane for the OpenClaw gateway" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="$VERSION"

# --- The gateway and its Node, as the lock file pins them. Nothing of it runs
# at installation. A build context of this name with a folder node_modules can
# stand in for the stage.

FROM debian:bookworm-slim AS gateway
RUN apt-get update \
  && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
    ca-certificates npm \
  && rm -rf /var/lib/apt/lists/*
WORKDIR /
COPY deploy/gateway/package.json deploy/gateway/package-lock.json deploy/gateway/.npmrc ./
ARG NODE_EXTRA_CA_CERTS=
RUN npm ci --ignore-scripts --no-audit --no-fund --cache /tmp/npm && rm -rf /tmp/npm

# --- The control plane as PID 1 with the gateway as its child.

FROM clawplaned AS all-in-one
USER root
COPY deploy/dev/packages.txt /usr/share/doc/clawplane/
RUN apt-get update \
  && awk '/^\[/ { wanted = $1 == "[run]"; next } wanted && /^[^#]/ { print $1 }' \
    /usr/share/doc/clawplane/packages.txt \
  | DEBIAN_FRONTEND=noninteractive xargs apt-get install -y --no-install-recommends \
  && rm -rf /var/lib/apt/lists/* /var/cache/apt/* /var/log/apt /var/log/dpkg.log \
  && install -d -o clawplane -g clawplane -m 0700 /var/lib/openclaw
COPY --from=gateway /node_modules /opt/openclaw/node_modules
RUN ln -s /opt/openclaw/node_modules/node-linux-*/bin/node /usr/local/bin/node \
  && node --version
COPY deploy/image/openclaw /usr/local/bin/
COPY deploy/image/all-in-one.yaml /etc/clawplane/clawplane.yaml
ENV CLAWPLANE_GATEWAY_HOME=/var/lib/openclaw \
    HOME=/var/lib/openclaw
VOLUME /var/lib/openclaw
USER 1000:1000
WORKDIR /var/lib/openclaw
LABEL org.opencontainers.image.title="clawplane" \
      org.opencontainers.image.description="The OpenClaw gateway under the supervision of Clawplane"
