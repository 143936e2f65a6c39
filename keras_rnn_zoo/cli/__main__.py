"""`python -m keras_rnn_zoo.cli` is `keras-rnn-zoo`, as it was before `__main__.py`."""

from keras_rnn_zoo.cli.commands import main

if __name__ == "__main__":
    main()
