"""A file a dataset.

A dataset file gives

    SIZE                  samples, features, outputs, task and shape of images, known before
                          anything is downloaded
    obtain(raw, mirror)   the Data (descent/data.py); raw: folder of its archives; mirror: where
                          they are looked for first, or None
    RAW                   optional: names of files that somebody puts into raw, which are inputs

and imports what it needs to obtain the data only inside `obtain`.
"""
