"""Back-propagation through time; `recursion` is the file to read first."""

from keras_rnn_zoo.ops.bptt.anatomy import Anatomy as Anatomy
from keras_rnn_zoo.ops.bptt.anatomy import anatomy as anatomy
from keras_rnn_zoo.ops.bptt.checkpointing import checkpointed_bptt as checkpointed_bptt
from keras_rnn_zoo.ops.bptt.sequence import bptt as bptt
