"""`python -m keras_rnn_zoo` is `keras-rnn-zoo`."""

from keras_rnn_zoo._command import main

if __name__ == "__main__":
    main()
