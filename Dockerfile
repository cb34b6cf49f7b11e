# The pipeline with all that it needs. Linted, but never built: no builder was at hand.
#     docker build -t step-size .
#     docker run --rm -v "$PWD/results:/study/results" step-size --cores all digits
FROM python:3.11-slim-bookworm
# what Triton compiles its launches with, on a GPU (docker run --gpus all)
RUN apt-get update \
    && apt-get install --yes --no-install-recommends gcc libc6-dev \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /study
COPY requirements.lock .
RUN pip install --no-cache-dir --require-hashes -r requirements.lock
COPY . .
ENTRYPOINT ["snakemake"]
CMD ["--cores", "all", "digits"]
