"""Where `keras-rnn-zoo` starts: with what Ctrl-C does, then with all the rest."""

from keras_rnn_zoo import interrupts


def main():
    """Run the command line."""
    interrupts.watch()  # noted, not raised, while the rest is imported
    from keras_rnn_zoo import cli

    cli.main()
