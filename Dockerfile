# The pages, then the binary with the pages inside, then an image that holds the binary, the roots that it trusts when it sends
# mail, and a program that asks it whether it is ready. No shell, no root.

FROM node:22-bookworm-slim AS pages
WORKDIR /src/frontend
COPY frontend/package.json frontend/package-lock.json frontend/.npmrc ./
RUN npm ci --no-audit --no-fund
COPY frontend/ ./
RUN npm run build

FROM golang:1.26-bookworm AS binary
WORKDIR /src/backend
COPY backend/go.mod backend/go.sum ./
RUN go mod download
COPY backend/ ./
COPY --from=pages /src/frontend/dist/ internal/web/dist/
ARG VERSION=unversioned
RUN CGO_ENABLED=0 go build -trimpath -ldflags "-s -w -X sallyport/internal/app.Version=${VERSION}" -o /out/sallyport ./cmd/sallyport \
  && mkdir /out/data

FROM busybox:1.37-musl AS probe

FROM scratch
COPY --from=binary /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
COPY --from=probe /bin/wget /wget
COPY --from=binary /out/sallyport /sallyport
COPY --from=binary --chown=65532:65532 /out/data /data
USER 65532:65532
ENV SALLYPORT_ADDR=0.0.0.0:8080 SALLYPORT_DATA_DIR=/data SALLYPORT_LOG_FORMAT=json
VOLUME /data
EXPOSE 8080
HEALTHCHECK --interval=5s --timeout=3s --start-period=30s --retries=3 CMD ["/wget", "-q", "-O", "/dev/null", "http://127.0.0.1:8080/readyz"]
ENTRYPOINT ["/sallyport"]
CMD ["serve"]
