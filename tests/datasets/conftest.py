import pytest


@pytest.fixture(scope="session")
def data_dir(tmp_path_factory):
    """A TFDS data directory that the tests of one process share."""
    path = tmp_path_factory.getbasetemp() / "tfds"
    path.mkdir(exist_ok=True)
    return path
