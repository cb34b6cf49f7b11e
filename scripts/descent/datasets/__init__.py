"""Datasets, one file each.

A dataset file defines

    SIZE                  the Size of the data (descent/store/data.py), known before any download
    obtain(raw, mirror)   returns the Data; raw: folder of its archives; mirror: URL or folder that
                          is tried before the public mirrors, or None

and imports libraries for obtaining the data only inside `obtain`.
"""
