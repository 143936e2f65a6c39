"""Prepared data of a builder, from files that a test has written."""

import tensorflow_datasets as tfds


class _Files:
    """Stands in for TFDS's downloads."""

    def __init__(self, folder):
        self.folder = folder

    def download(self, urls):
        return {key: self.folder / url.rpartition("/")[2] for key, url in urls.items()}


def prepare(builder_class, data_dir):
    """Stores what a builder reads from the files in `data_dir` as its data there."""
    builder = builder_class(data_dir=data_dir)
    parts = builder._split_generators(_Files(data_dir))
    tfds.dataset_builders.store_as_tfds_dataset(
        name=builder.name,
        version=str(builder.version),
        features=builder.info.features,
        split_datasets={split: list(rows) for split, rows in parts.items()},
        data_dir=data_dir,
        disable_shuffling=True,
    )
