"""The kernels without TensorFlow, under the compiler's sanitizers."""

import subprocess

import pytest
import tensorflow as tf

from keras_rnn_zoo.native import build

SOURCE = __file__.replace("test_sanitizers.py", "sanitize.cc")


@pytest.mark.slow
@pytest.mark.parametrize("sanitizers", ["address,undefined", "thread"])
@pytest.mark.skipif(build.find_compiler() is None, reason="no C++ compiler")
def test_sanitizers(sanitizers, tmp_path):
    program = tmp_path / "program"
    compiler = build.find_compiler()
    machine = build._accepted_machine_flags(compiler)
    includes = [f for f in tf.sysconfig.get_compile_flags() if f.startswith("-I")]
    command = [*compiler, "-std=c++17", "-O1", "-g", "-w", *machine, *includes]
    command += [f"-I{build.SOURCES}", f"-fsanitize={sanitizers}"]
    command += ["-fno-sanitize-recover=all", SOURCE, "-o", str(program), "-pthread"]
    made = subprocess.run(command, capture_output=True, text=True)
    if "cannot find -l" in made.stderr:
        pytest.skip("the sanitizers' libraries are not installed")
    assert made.returncode == 0, made.stderr
    ran = subprocess.run([program], capture_output=True, text=True, timeout=1800)
    print(ran.stdout)
    assert ran.returncode == 0, ran.stdout[-2000:] + ran.stderr[-4000:]
    assert "failures: 0" in ran.stdout
