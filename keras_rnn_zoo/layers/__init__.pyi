"""Written by `python -m tests.stubs --write`."""

from keras_rnn_zoo.layers.blocks.griffin import GriffinBlock as GriffinBlock
from keras_rnn_zoo.layers.blocks.griffin import GriffinRecurrent as GriffinRecurrent
from keras_rnn_zoo.layers.blocks.griffin import (
    GriffinRecurrentCell as GriffinRecurrentCell,
)
from keras_rnn_zoo.layers.cells.antisymmetric_rnn import (
    AntisymmetricRNN as AntisymmetricRNN,
)
from keras_rnn_zoo.layers.cells.antisymmetric_rnn import (
    AntisymmetricRNNCell as AntisymmetricRNNCell,
)
from keras_rnn_zoo.layers.cells.antisymmetric_rnn import (
    GatedAntisymmetricRNN as GatedAntisymmetricRNN,
)
from keras_rnn_zoo.layers.cells.antisymmetric_rnn import (
    GatedAntisymmetricRNNCell as GatedAntisymmetricRNNCell,
)
from keras_rnn_zoo.layers.cells.atr import ATR as ATR
from keras_rnn_zoo.layers.cells.atr import ATRCell as ATRCell
from keras_rnn_zoo.layers.cells.brc import BRC as BRC
from keras_rnn_zoo.layers.cells.brc import BRCCell as BRCCell
from keras_rnn_zoo.layers.cells.brc import NBRC as NBRC
from keras_rnn_zoo.layers.cells.brc import NBRCCell as NBRCCell
from keras_rnn_zoo.layers.cells.cfc import CfC as CfC
from keras_rnn_zoo.layers.cells.cfc import CfCCell as CfCCell
from keras_rnn_zoo.layers.cells.cfn import CFN as CFN
from keras_rnn_zoo.layers.cells.cfn import CFNCell as CFNCell
from keras_rnn_zoo.layers.cells.cifg_lstm import CIFGLSTM as CIFGLSTM
from keras_rnn_zoo.layers.cells.cifg_lstm import CIFGLSTMCell as CIFGLSTMCell
from keras_rnn_zoo.layers.cells.clockwork_rnn import ClockworkRNN as ClockworkRNN
from keras_rnn_zoo.layers.cells.clockwork_rnn import (
    ClockworkRNNCell as ClockworkRNNCell,
)
from keras_rnn_zoo.layers.cells.cornn import CoRNN as CoRNN
from keras_rnn_zoo.layers.cells.cornn import CoRNNCell as CoRNNCell
from keras_rnn_zoo.layers.cells.delta_net import DeltaNet as DeltaNet
from keras_rnn_zoo.layers.cells.delta_net import DeltaNetCell as DeltaNetCell
from keras_rnn_zoo.layers.cells.esn import ESN as ESN
from keras_rnn_zoo.layers.cells.esn import ESNCell as ESNCell
from keras_rnn_zoo.layers.cells.exp_rnn import ExpRNN as ExpRNN
from keras_rnn_zoo.layers.cells.exp_rnn import ExpRNNCell as ExpRNNCell
from keras_rnn_zoo.layers.cells.fast_grnn import FastGRNN as FastGRNN
from keras_rnn_zoo.layers.cells.fast_grnn import FastGRNNCell as FastGRNNCell
from keras_rnn_zoo.layers.cells.fast_grnn import FastRNN as FastRNN
from keras_rnn_zoo.layers.cells.fast_grnn import FastRNNCell as FastRNNCell
from keras_rnn_zoo.layers.cells.gated_delta_net import GatedDeltaNet as GatedDeltaNet
from keras_rnn_zoo.layers.cells.gated_delta_net import (
    GatedDeltaNetCell as GatedDeltaNetCell,
)
from keras_rnn_zoo.layers.cells.gilr import GILR as GILR
from keras_rnn_zoo.layers.cells.gilr import GILRCell as GILRCell
from keras_rnn_zoo.layers.cells.gru import GRU as GRU
from keras_rnn_zoo.layers.cells.gru import GRUCell as GRUCell
from keras_rnn_zoo.layers.cells.hgrn import HGRN as HGRN
from keras_rnn_zoo.layers.cells.hgrn import HGRNCell as HGRNCell
from keras_rnn_zoo.layers.cells.ind_rnn import IndRNN as IndRNN
from keras_rnn_zoo.layers.cells.ind_rnn import IndRNNCell as IndRNNCell
from keras_rnn_zoo.layers.cells.ind_rnn import MaxAbs as MaxAbs
from keras_rnn_zoo.layers.cells.ind_rnn import UnitUniform as UnitUniform
from keras_rnn_zoo.layers.cells.indy_lstm import IndyGRU as IndyGRU
from keras_rnn_zoo.layers.cells.indy_lstm import IndyGRUCell as IndyGRUCell
from keras_rnn_zoo.layers.cells.indy_lstm import IndyLSTM as IndyLSTM
from keras_rnn_zoo.layers.cells.indy_lstm import IndyLSTMCell as IndyLSTMCell
from keras_rnn_zoo.layers.cells.intersection_rnn import (
    IntersectionRNN as IntersectionRNN,
)
from keras_rnn_zoo.layers.cells.intersection_rnn import (
    IntersectionRNNCell as IntersectionRNNCell,
)
from keras_rnn_zoo.layers.cells.janet import JANET as JANET
from keras_rnn_zoo.layers.cells.janet import JANETCell as JANETCell
from keras_rnn_zoo.layers.cells.layer_norm import LayerNormGRU as LayerNormGRU
from keras_rnn_zoo.layers.cells.layer_norm import LayerNormGRUCell as LayerNormGRUCell
from keras_rnn_zoo.layers.cells.layer_norm import LayerNormLSTM as LayerNormLSTM
from keras_rnn_zoo.layers.cells.layer_norm import LayerNormLSTMCell as LayerNormLSTMCell
from keras_rnn_zoo.layers.cells.layer_norm import (
    LayerNormSimpleRNN as LayerNormSimpleRNN,
)
from keras_rnn_zoo.layers.cells.layer_norm import (
    LayerNormSimpleRNNCell as LayerNormSimpleRNNCell,
)
from keras_rnn_zoo.layers.cells.lem import LEM as LEM
from keras_rnn_zoo.layers.cells.lem import LEMCell as LEMCell
from keras_rnn_zoo.layers.cells.li_gru import LiGRU as LiGRU
from keras_rnn_zoo.layers.cells.li_gru import LiGRUCell as LiGRUCell
from keras_rnn_zoo.layers.cells.light_ru import LightRU as LightRU
from keras_rnn_zoo.layers.cells.light_ru import LightRUCell as LightRUCell
from keras_rnn_zoo.layers.cells.lmu import LMU as LMU
from keras_rnn_zoo.layers.cells.lmu import LMUCell as LMUCell
from keras_rnn_zoo.layers.cells.lru import LRU as LRU
from keras_rnn_zoo.layers.cells.lru import LRUCell as LRUCell
from keras_rnn_zoo.layers.cells.lstm import LSTM as LSTM
from keras_rnn_zoo.layers.cells.lstm import LSTMCell as LSTMCell
from keras_rnn_zoo.layers.cells.ltc import LTC as LTC
from keras_rnn_zoo.layers.cells.ltc import LTCCell as LTCCell
from keras_rnn_zoo.layers.cells.mamba2 import Mamba2 as Mamba2
from keras_rnn_zoo.layers.cells.mamba2 import Mamba2Cell as Mamba2Cell
from keras_rnn_zoo.layers.cells.memory_controller_lstm import (
    MemoryControllerLSTM as MemoryControllerLSTM,
)
from keras_rnn_zoo.layers.cells.memory_controller_lstm import (
    MemoryControllerLSTMCell as MemoryControllerLSTMCell,
)
from keras_rnn_zoo.layers.cells.mgu import MGU as MGU
from keras_rnn_zoo.layers.cells.mgu import MGUCell as MGUCell
from keras_rnn_zoo.layers.cells.mgu_variants import MGU1 as MGU1
from keras_rnn_zoo.layers.cells.mgu_variants import MGU1Cell as MGU1Cell
from keras_rnn_zoo.layers.cells.mgu_variants import MGU2 as MGU2
from keras_rnn_zoo.layers.cells.mgu_variants import MGU2Cell as MGU2Cell
from keras_rnn_zoo.layers.cells.mgu_variants import MGU3 as MGU3
from keras_rnn_zoo.layers.cells.mgu_variants import MGU3Cell as MGU3Cell
from keras_rnn_zoo.layers.cells.min_gru import MinGRU as MinGRU
from keras_rnn_zoo.layers.cells.min_gru import MinGRUCell as MinGRUCell
from keras_rnn_zoo.layers.cells.min_lstm import MinLSTM as MinLSTM
from keras_rnn_zoo.layers.cells.min_lstm import MinLSTMCell as MinLSTMCell
from keras_rnn_zoo.layers.cells.minimal_rnn import MinimalRNN as MinimalRNN
from keras_rnn_zoo.layers.cells.minimal_rnn import MinimalRNNCell as MinimalRNNCell
from keras_rnn_zoo.layers.cells.miru import MiRU1 as MiRU1
from keras_rnn_zoo.layers.cells.miru import MiRU1Cell as MiRU1Cell
from keras_rnn_zoo.layers.cells.miru import MiRU2 as MiRU2
from keras_rnn_zoo.layers.cells.miru import MiRU2Cell as MiRU2Cell
from keras_rnn_zoo.layers.cells.mlstm import MLSTM as MLSTM
from keras_rnn_zoo.layers.cells.mlstm import MLSTMCell as MLSTMCell
from keras_rnn_zoo.layers.cells.multiplicative_lstm import (
    MultiplicativeLSTM as MultiplicativeLSTM,
)
from keras_rnn_zoo.layers.cells.multiplicative_lstm import (
    MultiplicativeLSTMCell as MultiplicativeLSTMCell,
)
from keras_rnn_zoo.layers.cells.mut import MUT1 as MUT1
from keras_rnn_zoo.layers.cells.mut import MUT1Cell as MUT1Cell
from keras_rnn_zoo.layers.cells.mut import MUT2 as MUT2
from keras_rnn_zoo.layers.cells.mut import MUT2Cell as MUT2Cell
from keras_rnn_zoo.layers.cells.mut import MUT3 as MUT3
from keras_rnn_zoo.layers.cells.mut import MUT3Cell as MUT3Cell
from keras_rnn_zoo.layers.cells.nas import NAS as NAS
from keras_rnn_zoo.layers.cells.nas import NASCell as NASCell
from keras_rnn_zoo.layers.cells.nested_lstm import NestedLSTM as NestedLSTM
from keras_rnn_zoo.layers.cells.nested_lstm import NestedLSTMCell as NestedLSTMCell
from keras_rnn_zoo.layers.cells.original_lstm import OriginalLSTM as OriginalLSTM
from keras_rnn_zoo.layers.cells.original_lstm import (
    OriginalLSTMCell as OriginalLSTMCell,
)
from keras_rnn_zoo.layers.cells.para_rnn import ParaGRU as ParaGRU
from keras_rnn_zoo.layers.cells.para_rnn import ParaGRUCell as ParaGRUCell
from keras_rnn_zoo.layers.cells.para_rnn import ParaLSTM as ParaLSTM
from keras_rnn_zoo.layers.cells.para_rnn import ParaLSTMCell as ParaLSTMCell
from keras_rnn_zoo.layers.cells.peephole_lstm import PeepholeLSTM as PeepholeLSTM
from keras_rnn_zoo.layers.cells.peephole_lstm import (
    PeepholeLSTMCell as PeepholeLSTMCell,
)
from keras_rnn_zoo.layers.cells.phased_lstm import PhasedLSTM as PhasedLSTM
from keras_rnn_zoo.layers.cells.phased_lstm import PhasedLSTMCell as PhasedLSTMCell
from keras_rnn_zoo.layers.cells.projected_lstm import ProjectedLSTM as ProjectedLSTM
from keras_rnn_zoo.layers.cells.projected_lstm import (
    ProjectedLSTMCell as ProjectedLSTMCell,
)
from keras_rnn_zoo.layers.cells.qrnn import QRNN as QRNN
from keras_rnn_zoo.layers.cells.qrnn import QRNNCell as QRNNCell
from keras_rnn_zoo.layers.cells.ran import RAN as RAN
from keras_rnn_zoo.layers.cells.ran import RANCell as RANCell
from keras_rnn_zoo.layers.cells.res_lstm import ResLSTM as ResLSTM
from keras_rnn_zoo.layers.cells.res_lstm import ResLSTMCell as ResLSTMCell
from keras_rnn_zoo.layers.cells.rglru import RGLRU as RGLRU
from keras_rnn_zoo.layers.cells.rglru import RGLRUCell as RGLRUCell
from keras_rnn_zoo.layers.cells.rhn import RHN as RHN
from keras_rnn_zoo.layers.cells.rhn import RHNCell as RHNCell
from keras_rnn_zoo.layers.cells.rwkv7 import RWKV7 as RWKV7
from keras_rnn_zoo.layers.cells.rwkv7 import RWKV7Cell as RWKV7Cell
from keras_rnn_zoo.layers.cells.s4d import S4D as S4D
from keras_rnn_zoo.layers.cells.s4d import S4DCell as S4DCell
from keras_rnn_zoo.layers.cells.s5 import S5 as S5
from keras_rnn_zoo.layers.cells.s5 import S5Cell as S5Cell
from keras_rnn_zoo.layers.cells.s6 import S6 as S6
from keras_rnn_zoo.layers.cells.s6 import S6Cell as S6Cell
from keras_rnn_zoo.layers.cells.scrn import SCRN as SCRN
from keras_rnn_zoo.layers.cells.scrn import SCRNCell as SCRNCell
from keras_rnn_zoo.layers.cells.sgrn import SGRN as SGRN
from keras_rnn_zoo.layers.cells.sgrn import SGRNCell as SGRNCell
from keras_rnn_zoo.layers.cells.sgu import DSGU as DSGU
from keras_rnn_zoo.layers.cells.sgu import DSGUCell as DSGUCell
from keras_rnn_zoo.layers.cells.sgu import SGU as SGU
from keras_rnn_zoo.layers.cells.sgu import SGUCell as SGUCell
from keras_rnn_zoo.layers.cells.simple_rnn import SimpleRNN as SimpleRNN
from keras_rnn_zoo.layers.cells.simple_rnn import SimpleRNNCell as SimpleRNNCell
from keras_rnn_zoo.layers.cells.slstm import SLSTM as SLSTM
from keras_rnn_zoo.layers.cells.slstm import SLSTMCell as SLSTMCell
from keras_rnn_zoo.layers.cells.sru import SRU as SRU
from keras_rnn_zoo.layers.cells.sru import SRUCell as SRUCell
from keras_rnn_zoo.layers.cells.star import STAR as STAR
from keras_rnn_zoo.layers.cells.star import STARCell as STARCell
from keras_rnn_zoo.layers.cells.strongly_typed import TGRU as TGRU
from keras_rnn_zoo.layers.cells.strongly_typed import TGRUCell as TGRUCell
from keras_rnn_zoo.layers.cells.strongly_typed import TLSTM as TLSTM
from keras_rnn_zoo.layers.cells.strongly_typed import TLSTMCell as TLSTMCell
from keras_rnn_zoo.layers.cells.strongly_typed import TRNN as TRNN
from keras_rnn_zoo.layers.cells.strongly_typed import TRNNCell as TRNNCell
from keras_rnn_zoo.layers.cells.tau_gru import TauGRU as TauGRU
from keras_rnn_zoo.layers.cells.tau_gru import TauGRUCell as TauGRUCell
from keras_rnn_zoo.layers.cells.ugrnn import UGRNN as UGRNN
from keras_rnn_zoo.layers.cells.ugrnn import UGRNNCell as UGRNNCell
from keras_rnn_zoo.layers.cells.unicornn import UnICORNN as UnICORNN
from keras_rnn_zoo.layers.cells.unicornn import UnICORNNCell as UnICORNNCell
from keras_rnn_zoo.layers.cells.wmc_lstm import WMCLSTM as WMCLSTM
from keras_rnn_zoo.layers.cells.wmc_lstm import WMCLSTMCell as WMCLSTMCell
from keras_rnn_zoo.layers.core.base import GatedCell as GatedCell
from keras_rnn_zoo.layers.core.base import RecurrentLayer as RecurrentLayer
from keras_rnn_zoo.layers.core.bidirectional import Bidirectional as Bidirectional
from keras_rnn_zoo.layers.core.initializers import SkewBlocks as SkewBlocks
from keras_rnn_zoo.layers.core.initializers import SoftplusUniform as SoftplusUniform
from keras_rnn_zoo.layers.core.making import make_recurrent as make_recurrent
from keras_rnn_zoo.layers.core.registry import recurrent_layers as recurrent_layers
from keras_rnn_zoo.layers.core.registry import register as register
from keras_rnn_zoo.layers.core.reset_cell import ResetCell as ResetCell
from keras_rnn_zoo.layers.core.rnn import RNN as RNN
from keras_rnn_zoo.layers.core.rnn import StackedRNNCells as StackedRNNCells
from keras_rnn_zoo.layers.heads.attention import AttentionCell as AttentionCell
from keras_rnn_zoo.layers.heads.attention import BahdanauAttention as BahdanauAttention
from keras_rnn_zoo.layers.heads.attention import LocationAttention as LocationAttention
from keras_rnn_zoo.layers.heads.attention import LuongAttention as LuongAttention
from keras_rnn_zoo.layers.heads.attention import (
    MonotonicAttention as MonotonicAttention,
)
from keras_rnn_zoo.layers.heads.crf import CRF as CRF
from keras_rnn_zoo.layers.heads.crf import CRFLoss as CRFLoss
from keras_rnn_zoo.layers.heads.crf import bio_constraints as bio_constraints
from keras_rnn_zoo.layers.heads.jordan_rnn import JordanRNN as JordanRNN
from keras_rnn_zoo.layers.heads.sampling_schedules import (
    ConstantSampling as ConstantSampling,
)
from keras_rnn_zoo.layers.heads.sampling_schedules import (
    ExponentialSampling as ExponentialSampling,
)
from keras_rnn_zoo.layers.heads.sampling_schedules import (
    InverseSigmoidSampling as InverseSigmoidSampling,
)
from keras_rnn_zoo.layers.heads.sampling_schedules import (
    LinearSampling as LinearSampling,
)
from keras_rnn_zoo.layers.readers.windows import PositionOutputs as PositionOutputs
from keras_rnn_zoo.layers.readers.windows import StepWindows as StepWindows
from keras_rnn_zoo.layers.readers.windows import WholeSequence as WholeSequence
from keras_rnn_zoo.layers.readers.word_reader import WordReader as WordReader
from keras_rnn_zoo.layers.wrappers.around import HighwayCell as HighwayCell
from keras_rnn_zoo.layers.wrappers.around import ResidualCell as ResidualCell
from keras_rnn_zoo.layers.wrappers.drop_connect import DropConnect as DropConnect
from keras_rnn_zoo.layers.wrappers.fast_slow import FastSlow as FastSlow
from keras_rnn_zoo.layers.wrappers.multiplicative_integration import (
    MultiplicativeIntegration as MultiplicativeIntegration,
)
from keras_rnn_zoo.layers.wrappers.nested import Nested as Nested
