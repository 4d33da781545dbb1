# One static binary in an empty image, run as nobody: docker run --rm -v "$PWD:/data:ro" trailwhy analyze /data/s3-export
FROM rust:1.89-slim-bookworm AS build
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends cmake g++ make \
    && rm -rf /var/lib/apt/lists/*
SHELL ["/bin/bash", "-o", "pipefail", "-c"]
WORKDIR /src
COPY . .
# The C library and all else inside. With --target, build scripts are not linked that way.
ENV RUSTFLAGS="-C target-feature=+crt-static"
RUN host="$(rustc -vV | sed -n 's/^host: //p')" \
    && cargo build --locked --release --features s3 --target "$host" \
    && cp "target/$host/release/trailwhy" /trailwhy

FROM scratch
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --from=build /trailwhy /trailwhy
USER 65534:65534
WORKDIR /data
ENTRYPOINT ["/trailwhy"]
