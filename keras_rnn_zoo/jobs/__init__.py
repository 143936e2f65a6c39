"""What the commands do: one function per command.

Nothing here prints. A function returns its findings as a data class and tells a
`Reporter` on the way what it is doing; `keras_rnn_zoo.cli` prints both. TensorFlow is
imported by the functions that need it.
"""

from keras_rnn_zoo.jobs import cards as cards
from keras_rnn_zoo.jobs.answer import EvaluateResult as EvaluateResult
from keras_rnn_zoo.jobs.answer import GenerateResult as GenerateResult
from keras_rnn_zoo.jobs.answer import PredictResult as PredictResult
from keras_rnn_zoo.jobs.answer import evaluate as evaluate
from keras_rnn_zoo.jobs.answer import generate as generate
from keras_rnn_zoo.jobs.answer import names_in as names_in
from keras_rnn_zoo.jobs.answer import predict as predict
from keras_rnn_zoo.jobs.cells import cells as cells
from keras_rnn_zoo.jobs.common import DEFAULT_GENERATOR as DEFAULT_GENERATOR
from keras_rnn_zoo.jobs.common import DEFAULT_NAME as DEFAULT_NAME
from keras_rnn_zoo.jobs.common import Reporter as Reporter
from keras_rnn_zoo.jobs.export import export as export
from keras_rnn_zoo.jobs.machine import Finding as Finding
from keras_rnn_zoo.jobs.machine import doctor as doctor
from keras_rnn_zoo.jobs.machine import native_build as native_build
from keras_rnn_zoo.jobs.machine import native_clean as native_clean
from keras_rnn_zoo.jobs.machine import native_status as native_status
from keras_rnn_zoo.jobs.models import ModelEntry as ModelEntry
from keras_rnn_zoo.jobs.models import Run as Run
from keras_rnn_zoo.jobs.models import find_run as find_run
from keras_rnn_zoo.jobs.models import list_models as list_models
from keras_rnn_zoo.jobs.models import load_run as load_run
from keras_rnn_zoo.jobs.models import show as show
from keras_rnn_zoo.jobs.publish import publish as publish
from keras_rnn_zoo.jobs.search import SearchResult as SearchResult
from keras_rnn_zoo.jobs.search import search as search
from keras_rnn_zoo.jobs.seeds import SeedsResult as SeedsResult
from keras_rnn_zoo.jobs.seeds import train_seeds as train_seeds
from keras_rnn_zoo.jobs.train import TrainResult as TrainResult
from keras_rnn_zoo.jobs.train import train as train
from keras_rnn_zoo.tasks import Figure as Figure
