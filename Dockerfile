# Apus in a container: `docker build -t apus .`, then
# `docker run -p 127.0.0.1:8080:8080 -v apus:/var/lib/apus --ulimit nofile=1048576 --stop-timeout 30 apus`.
FROM swift:6.1-bookworm AS build
WORKDIR /source
COPY . .
RUN make deb

FROM debian:12-slim
RUN --mount=type=bind,from=build,source=/source/.build/package,target=/package \
    apt-get update \
    && apt-get install -y --no-install-recommends /package/apus_*.deb \
    && rm -rf /var/lib/apt/lists/*
USER apus
VOLUME /var/lib/apus
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s CMD ["apus", "health", "--ready"]
ENTRYPOINT ["apus"]
CMD ["serve", "--config", "/etc/apus/apus.yaml", "--host", "0.0.0.0", "--data-dir", "/var/lib/apus"]
