# Image with the pipeline and all its dependencies. The file is linted; the image was never built.
#     docker build -t step-size .
#     docker run --rm -v "$PWD/results:/study/results" step-size --cores all digits
FROM python:3.11-slim-bookworm
WORKDIR /study
COPY requirements.lock requirements-uv.lock ./
RUN pip install --no-cache-dir --require-hashes -r requirements-uv.lock \
    && uv pip install --system --no-cache --compile-bytecode --require-hashes -r requirements.lock
COPY . .
ENTRYPOINT ["snakemake"]
CMD ["--cores", "all", "digits"]
