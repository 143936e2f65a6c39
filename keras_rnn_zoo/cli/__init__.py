"""The command `keras-rnn-zoo`: reads the command line, calls one job, prints.

One file holds one group of commands; `commands.py` names them all. TensorFlow is
imported by the job that needs it, so `--help` answers at once.
"""

from keras_rnn_zoo.cli.commands import app as app
from keras_rnn_zoo.cli.commands import main as main
