#!/usr/bin/env bash
# Faults that once were there, one case each: it does again what failed, and judges.
#
#   tests/faults/repro.sh CASE…|all      prints "CASE: ok", "CASE: FAIL …" or
#                                        "CASE: skipped (why)"; `all` counts at the end
#   PYTHON=…     the interpreter, with the package's dependencies; python by default
#   KEEP=DIR     keeps there what the cases wrote
#   KRZ_FAULT_ROUNDS=…   multiplies the tries where chance plays a part
#
# Exit code 0 if nothing failed. It works in a temporary directory, with the checkout
# that this file is part of. As root it tries what needs another user, mounts or
# namespaces; else it says that these are skipped, and skipped is not green.

HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
ROOT=$(cd "$HERE/../.." && pwd)
PYTHON=$(command -v "${PYTHON:-python}") || { echo "no ${PYTHON:-python}" >&2; exit 1; }
ROUNDS=${KRZ_FAULT_ROUNDS:-1}
SRC=$ROOT/models
BASE=$(mktemp -d) && chmod 755 "$BASE" || exit 1
export PYTHONPATH=$ROOT${PYTHONPATH:+:$PYTHONPATH} PYTHONDONTWRITEBYTECODE=1
export TF_CPP_MIN_LOG_LEVEL=3 CUDA_VISIBLE_DEVICES=-1 KERAS_RNN_ZOO_NATIVE=0 COLUMNS=200
export TFDS_DATA_DIR=$BASE/tfds
unmount() { grep -o " $1/[^ ]*" /proc/mounts 2> /dev/null | sort -r | xargs -r umount -l; }
trap 'cd /; [ -z "$SERVER" ] || { kill $SERVER; wait $SERVER; } 2> /dev/null; unmount "$BASE"; rm -rf "$BASE"' EXIT

QUICK="--epochs 1 --limit 64 --units 4 --no-pictures --no-baselines -q --data-dir $BASE/tfds"
N64=$(printf '1 %.0s' {1..64})
# Any user may read what this one may: the interpreter may lie in a private directory.
STRANGER="setpriv --reuid 12345 --regid 12345 --clear-groups
  --inh-caps +dac_read_search --ambient-caps +dac_read_search"
LAYER='import numpy as np; from keras_rnn_zoo import LSTM
print(LSTM(3)(np.zeros((1, 4, 2), "float32")).shape)'

# --- what the cases are written with ------------------------------------------------

# serve: the process that others are forked from, see commands.py
serve() {
  mkfifo "$BASE/asks" "$BASE/tells"
  "$PYTHON" "$HERE/commands.py" "$BASE/asks" "$BASE/tells" > "$BASE/server.log" 2>&1 &
  SERVER=$!
  exec 8<> "$BASE/asks" 9<> "$BASE/tells"
}
# forked NAME WHAT ARGUMENTS…: a process of its own; NAME.out, NAME.rc
forked() {
  local name=$1 what=$2 code; shift 2
  if [ -n "$LD_PRELOAD" ]; then  # nothing for a process that runs already
    [ "$what" != krz ] || set -- -m keras_rnn_zoo.cli "$@"
    [ "$what" = krz ] || set -- "$what" "$@"
    "$PYTHON" "$@" > "$name.out" 2>&1 < /dev/null; echo $? > "$name.rc"; return
  fi
  { printf '%s\0' "$PWD" "$(ulimit -v)" "$name.out" "$what" $# "$@"; env -0; } > "$BASE/request"
  echo "$BASE/request" >&8
  read -r -t 1300 -u 9 code || fail "$name: no answer: $(tail -1 "$BASE/server.log")"
  echo "$code" > "$name.rc"
}
# krz NAME ARGUMENTS…: one command in a process of its own
krz() { local name=$1; shift; forked "$name" krz "$@"; }
# python NAME [ARGUMENTS…]: a program on standard input
python() { local name=$1; shift; cat > "$name.py"; forked "$name" "$name.py" "$@"; }
# many: commands on standard input, a process and a line each, see commands.py
many() {
  cat > many.list; forked many many "$PWD/many.list"
  [ "$(rc many)" = 0 ] || fail "commands.py: $(tail -1 many.out)"
}
rc() { cat "$1.rc" 2> /dev/null || echo none; }
fail() { echo "$*" >> "$CASE/FAILED"; }
# ok TEXT COMMAND…: the command must succeed, or the case fails with the text
ok() { local text=$1; shift; "$@" > /dev/null 2>&1 || fail "$text"; }
no() { local text=$1; shift; "$@" > /dev/null 2>&1 && fail "$text"; return 0; }
last() {  # the last line that says what is wrong
  { grep -aE '^[A-Za-z_.]*(Error|Expired|Exception|Interrupt)\b' "$1.out" || grep -av KERAS_RNN_ZOO_TRACEBACK "$1.out"
  } 2> /dev/null | grep -a . | tail -n 1 | cut -c 1-160
}
# refused NAME [PATTERN]: exit code 2, a message without a traceback
refused() {
  [ "$(rc "$1")" = 2 ] || fail "$1 must be refused with exit code 2: $(rc "$1"): $(last "$1")"
  polite "$1"
  [ -z "$2" ] || grep -qE -- "$2" "$1.out" || fail "$1 must say /$2/: $(last "$1")"
}
# works NAME [PATTERN]
works() {
  [ "$(rc "$1")" = 0 ] || fail "$1 must work: $(rc "$1"): $(last "$1")"
  polite "$1"
  [ -z "$2" ] || grep -qE -- "$2" "$1.out" || fail "$1 must say /$2/: $(last "$1")"
}
polite() { no "$1 shows a traceback: $(last "$1")" grep -q "Traceback (most recent" "$1.out"; }
root_with() {
  [ "$(id -u)" = 0 ] || skip "needs root"
  local tool; for tool; do command -v "$tool" > /dev/null || skip "needs $tool"; done
}
skip() { echo "$*" > "$CASE/SKIPPED"; exit 0; }
tmpfs() { mount -t tmpfs -o "size=$1" tmpfs "$2" 2> /dev/null || skip "needs mount"; }
# a_run: the directory of a trained model, made once
a_run() {
  if [ ! -d "$BASE/a_run" ]; then
    ( cd "$BASE" && krz a_run train digits_gru $QUICK --out "$BASE/a_run" )
    [ -d "$BASE/a_run" ] || fail "no training: $(last "$BASE/a_run")"
  fi
  echo "$BASE/a_run"
}
words() {  # a CSV file of texts and labels, of so many lines
  echo text,label; for i in $(seq "$1"); do echo "t $i,$((i % 2))"; done
}

# --- where somebody points --out -----------------------------------------------------

case_out_deletes() {
  mkdir -p deep/here; cd deep/here || exit
  echo thesis > thesis.txt; mkdir src; echo code > src/a.py; mkdir empty
  run=$(a_run)
  mkdir ours_and_more; cp -r "$run/." ours_and_more; echo mine > ours_and_more/mine.txt
  mkdir fake; touch fake/metrics.json fake/model.keras; echo mine > fake/mine.txt
  many << E
here | export digits_gru --out .
full | export digits_gru --out src
above | export digits_gru --out ..
trained | train digits_gru $QUICK --out src
published | publish $run --no-weights --out src
seeds | train digits_gru $QUICK --seeds 1,2 --out src
more | train digits_gru $QUICK --out ours_and_more
fake | train digits_gru $QUICK --out fake
empty | export digits_gru --out empty
first | export digits_gru --out served
again | export digits_gru --out served
E
  for one in here full above trained published more fake; do refused $one; done
  polite seeds
  ok "thesis.txt is gone" grep -q thesis thesis.txt
  ok "src/a.py is gone" grep -q code src/a.py
  ok "a file beside a run's is gone" grep -q mine ours_and_more/mine.txt
  ok "a file beside a fake run's is gone" grep -q mine fake/mine.txt
  for one in empty first again; do works $one; done
  ok "nothing in served" test -e served/saved_model.pb
}

case_recipe_names() {
  mkdir -p a/b/mine; echo thesis > a/thesis.txt; echo thesis > a/b/thesis.txt
  cd a/b || exit
  for name in .. . ../victim "$BASE/victim" 'a/b' '' 'a\u0000b' '[/]'; do
    n=$((n + 1)); { printf 'name = "%s"\n' "$name"; cat "$SRC/digits_gru/recipe.toml"; } > r$n.toml
    echo "t$n | train r$n.toml $QUICK"
  done > list
  many < list
  for i in 1 2 3 4 5 6 7 8; do refused t$i "r$i.toml, line 1"; done
  ok "the directory above is gone" grep -q thesis ../thesis.txt
  ok "this directory is gone" grep -q thesis thesis.txt
  no "something beside" test -e ../victim -o -e "$BASE/victim"
  rm -rf "$BASE/victim"
}

case_publish_readme() {
  run=$(a_run); echo "# My project" > README.md
  mkdir foreign list null other; echo '{"kind": "npm"}' > foreign/metadata.json
  echo '[]' > list/metadata.json; echo null > null/figures.json
  echo '{"kind": "npm"}' > other/figures.json
  many << E
beside | publish $run --out ./shipped --no-weights
deeper | publish $run --out ./models/shipped --no-weights
deeper2 | publish $run --out ./models/shipped --no-weights
E
  ok "README.md of the project is replaced" grep -q "^# My project" README.md
  polite beside; works deeper; works deeper2
  ok "no table of the models" grep -qi "made of" models/README.md
}

# --- files that somebody else has put there -------------------------------------------

case_planted_library() {
  root_with setpriv gcc
  unset KERAS_RNN_ZOO_NATIVE
  printf '#include <stdio.h>\n__attribute__((constructor)) static void x(void)
{ FILE *f = fopen("%s/owned", "w"); if (f) fclose(f); }\n' "$PWD" > evil.c
  gcc -shared -fPIC evil.c -o evil.so || skip "gcc does not link"
  # A compiler that never compiles: what is loaded has been planted.
  printf '#!/bin/sh\n[ "$1" = --version ] && echo 1.0 && exit 0\necho no; exit 3\n' > cxx
  chmod +x cxx; export CXX=$PWD/cxx
  export KERAS_RNN_ZOO_CACHE=$PWD/clean
  python where << 'P'
from keras_rnn_zoo import native
print(native.status().path)
P
  path=$(tail -1 where.out); tail=${path#"$PWD"/clean/}
  [ "$path" != "$tail" ] || { fail "where: $path"; return; }
  key=$(basename "$(dirname "$path")")
  plant() {  # CACHE: the library and its sum, as anybody can make them
    mkdir -p "$(dirname "$1/$tail")"; cp evil.so "$1/$tail"
    sha256sum "$1/$tail" | cut -d ' ' -f 1 > "$1/${tail%.so}.sha256"
    find "$1" -type d -exec chmod 700 {} +; chmod 600 "$1/${tail%.so}"*
  }
  plant mine                                                 # a control
  plant foreign; chown -R 65534 foreign                      # a stranger made all of it
  plant file; chown 65534 "file/$tail"                       # …the file only
  plant writable; chmod 0777 "$(dirname "writable/$tail")"   # may replace it at any time
  plant top; chmod 0777 top/native                           # …or the directory above
  mkdir open; plant open/mine; chmod 0777 open               # …or the one above that
  plant real; chown -R 65534 real; mkdir -p link/native      # a link to a stranger's
  ln -s "$PWD/real/native/$key" "link/native/$key"
  for kind in foreign file writable top open/mine link; do
    rm -f owned
    KERAS_RNN_ZOO_CACHE=$PWD/$kind python layer <<< "$LAYER"
    no "$kind: a stranger's library was loaded" test -e owned
    works layer "\(1, 3\)"
  done
  rm -f owned
  KERAS_RNN_ZOO_CACHE=$PWD/mine python layer <<< "$LAYER"
  ok "one's own library must be loaded" test -e owned
}

case_planted_links() {
  root_with setpriv
  mkdir shared; chmod 1777 shared; echo precious > bashrc; cp bashrc bashrc.kept
  setpriv --reuid 65534 --regid 65534 --clear-groups --inh-caps -all sh -c "
    cd shared && mkdir .x.training && cd .x.training && chmod 755 . &&
    for f in .lock lock history.csv .history.csv checkpoint.npz .checkpoint.npz; do
      ln -s $PWD/bashrc \$f; done"
  mkdir -p mine/.y.training   # my own directory, into which links came
  for f in history.csv .history.csv .checkpoint.npz; do ln -s "$PWD/bashrc" mine/.y.training/$f; done
  many << E
x | train digits_gru $QUICK --out shared/x
y | train digits_gru $QUICK --out mine/y
E
  ok "a planted link was followed" cmp bashrc bashrc.kept
  refused x; polite y
  no "the run holds links" sh -c 'find mine/y -type l | grep -q .'
}

# --- data that can be trained on and never be saved ------------------------------------

# saved_or_refused NAME FILE: either the whole run, or the line that is at fault
saved_or_refused() {
  if [ "$(rc "$1")" = 0 ]; then ok "$1: no run" test -e "o_$1/model.keras"
  else refused "$1" "$2, line [0-9]+"; fi
}

case_white_space_tokens() {
  "$PYTHON" - << 'P'
import json, random
random.seed(0)
words = [("le", "O"), ("10\u00a0000", "B-n"), ("francs", "O"), ("Paris", "B-l")]
with open("fr.tsv", "w") as tsv, open("ny.jsonl", "w") as lines:
    for i in range(60):
        some = [*random.sample(words, 3), (f"w{i}", "O")]
        tsv.write("".join(f"{w}\t{t}\n" for w, t in some) + "\n")
        tokens, tags = zip(*((w.replace("\u00a0", " "), t) for w, t in some))
        lines.write(json.dumps({"tokens": tokens, "tags": tags}) + "\n")
for code in ("2028", "001c", "0085", "3000"):
    with open(f"u{code}.jsonl", "w") as lines:
        for i in range(40):
            tokens = [f"a{chr(int(code, 16))}b", f"w{i}"]
            lines.write(json.dumps({"tokens": tokens, "tags": ["O", "B"]}) + "\n")
P
  files="fr.tsv ny.jsonl u2028.jsonl u001c.jsonl u0085.jsonl u3000.jsonl"
  for f in $files; do echo "${f%.*} | train py_tagger_bilstm --data $f $QUICK --out o_${f%.*}"; done > list
  many < list
  for f in $files; do saved_or_refused "${f%.*}" "$f"; done
}

case_surrogate() {
  "$PYTHON" - << 'P'
import json
half = {
    "text": lambda i: {"text": f"good {i} \ud83d", "label": str(i % 2)},
    "label": lambda i: {"text": f"good {i}", "label": f"{i % 2}\udc00"},
    "token": lambda i: {"tokens": ["\ud83d", f"w{i}"], "tags": ["O", "B"]},
    "tag": lambda i: {"tokens": ["t", f"w{i}"], "tags": ["O", "\udfff"]},
    "lm": lambda i: {"text": f"good {i} \ud83d"},
    "steps": lambda i: {"steps": [[i, 1]], "label": f"{i % 2}\ud800"},
}
for name, make in half.items():
    with open(f"{name}.jsonl", "w") as lines:
        lines.writelines(json.dumps(make(i)) + "\n" for i in range(40))
P
  many << E
text | train py_cursor_lstm --data text.jsonl $QUICK --out o_text
label | train py_cursor_lstm --data label.jsonl $QUICK --out o_label
token | train py_tagger_bilstm --data token.jsonl $QUICK --out o_token
tag | train py_tagger_bilstm --data tag.jsonl $QUICK --out o_tag
lm | train py_chars_lstm --data lm.jsonl $QUICK --out o_lm
steps | train digits_gru --data steps.jsonl $QUICK --out o_steps
E
  for f in text label token tag lm steps; do refused $f "$f.jsonl, line 1"; done
}

# What the graph cannot lower or hold: NUL, and letters younger than TensorFlow's ICU.
case_lower_case() {
  "$PYTHON" - << 'P'
import json
words = {"nul": "A\0b", "young": "\u2c2fx", "vithkuqi": "\U00010570a", "sigma": "ΟΔΟΣ", "dotted": "İx"}
for name, word in words.items():
    with open(f"{name}.jsonl", "w") as file:
        for i in range(40):
            file.write(json.dumps({"tokens": [word, f"w{i}"], "tags": ["O", "B-x"]}) + "\n")
P
  files="nul young vithkuqi sigma dotted"
  for f in $files; do echo "$f | train wnut17_bilstm_crf --data $f.jsonl $QUICK --out o_$f"; done > list
  many < list
  for f in $files; do saved_or_refused $f $f.jsonl; done
}

# --- the compiled kernels ---------------------------------------------------------------

case_no_home() {
  root_with setpriv
  chmod 777 .; unset KERAS_RNN_ZOO_NATIVE TFDS_DATA_DIR
  export CXX=$PWD/none  # what is asked here is whether it works without
  cat > all.py << P
import shlex
$LAYER
from keras_rnn_zoo.cli import app
import typer.testing
for one in ("doctor", "native status", "native clean", "predict digits_gru '$N64'",
            "train digits_gru ${QUICK/$BASE\/tfds/$PWD/tfds} --out o"):
    r = typer.testing.CliRunner().invoke(app, shlex.split(one))
    said = repr(r.output[-200:]) if r.exit_code else ""
    print(one[:15].split("_")[0], "->", r.exit_code, said, repr(r.exception) if r.exit_code == 1 else "")
P
  env -u HOME -u XDG_CACHE_HOME -u KERAS_RNN_ZOO_CACHE $STRANGER "$PYTHON" all.py > all.out 2>&1
  echo $? > all.rc
  works all "\(1, 3\)"
  for one in doctor "native status" "native clean" predict train; do
    ok "no home: $one: $(grep -- "^$one" all.out | cut -c 1-150)" grep -q "^$one.*-> 0" all.out; done
  # An empty name is no directory, a relative one is ignored, and ~ is the home.
  cache() {
    ( unset KERAS_RNN_ZOO_CACHE XDG_CACHE_HOME; export "$@"
      python cache <<< 'from keras_rnn_zoo import native; print(native.status().cache_dir)' )
    tail -1 cache.out
  }
  case $(cache HOME=) in /.cache*) fail "HOME= puts the cache into /.cache";; esac
  case $(cache HOME="$PWD/h" XDG_CACHE_HOME=relative) in "$PWD"/h/*) ;; *) fail "a relative XDG_CACHE_HOME is taken";; esac
  case $(cache HOME="$PWD/h" KERAS_RNN_ZOO_CACHE='~/x') in "$PWD"/h/x*) ;; *) fail "KERAS_RNN_ZOO_CACHE=~/x is not in the home";; esac
  no "a directory named ~ is made by us" test -e '~/x'  # Keras makes ~/.keras
}

# compiler_that_says: prints what the file `says` holds, fails, and counts its calls
compiler_that_says() {
  cat > cxx << 'P'
#!/bin/sh
cd "$(dirname "$0")"
case "$*" in *--version*) echo 1.0; exit 0;; *-fsyntax-only*) exit 0;; esac
echo x >> calls; cat says; exit 1
P
  chmod +x cxx; export CXX=$PWD/cxx KERAS_RNN_ZOO_CACHE=$PWD/cache; unset KERAS_RNN_ZOO_NATIVE
}

case_failed_forever() {
  compiler_that_says
  python again << 'P'
import pathlib
from keras_rnn_zoo import native
from keras_rnn_zoo.native import build as room
calls, says = pathlib.Path("calls"), pathlib.Path("says")

def count():
    return len(calls.read_text()) if calls.exists() else 0

def tries():
    before = count()
    try:
        room.build("float32")
    except native.NativeBuildError:
        return count() - before

for text in (
    "/tmp/x.s: fatal error: error writing to /tmp/x.s: No space left on device",
    "cc1plus: out of memory allocating 65536 bytes after a total of 3 bytes",
    "virtual memory exhausted: Cannot allocate memory",
    "g++: fatal error: cannot execute: posix_spawnp: Resource temporarily unavailable",
    "g++: fatal error: Killed signal terminated program cc1plus",
    "driver.cc:1:1: error: x does not name a type",
):
    says.write_text(text)
    assert tries(), f"`build` did not try: {text}"
    assert tries(), f"`build` did not try again after: {text}"
P
  works again
  # A layer in a later process tries again, unless the sources are at fault.
  count() { wc -l < calls 2> /dev/null || echo 0; }
  layer() { python layer <<< "$LAYER"; works layer; }
  rm -rf cache calls; echo "fatal error: No space left on device" > says
  layer; one=$(count); layer; [ "$(count)" -gt "$one" ] || fail "after a full disk a layer never tries again"
  rm -rf cache calls; echo "driver.cc:1:1: error: x" > says
  layer; one=$(count); layer; [ "$(count)" = "$one" ] || fail "an error of the sources is tried at every start"
}

case_compilers() {
  unset KERAS_RNN_ZOO_NATIVE; export KERAS_RNN_ZOO_CACHE=$PWD/cache
  printf '#!/bin/sh\nexit 0\n' > silent
  printf '#!/bin/sh\ncase "$*" in *--version*) echo 1.0;; *) sleep 75;; esac\n' > hang
  printf '#!/bin/sh\nprintf "\\377\\376\\n"; exit 0\n' > bytes
  chmod +x silent hang bytes
  for one in silent hang bytes; do
    CXX=$PWD/$one KERAS_RNN_ZOO_CACHE=$PWD/c_$one "$PYTHON" -c "$LAYER" > $one.out 2>&1 & pids[${#pids[@]}]=$!
  done
  CXX='g++ "-O2' python quoted <<< "$LAYER"
  i=0; for one in silent hang bytes; do wait ${pids[$i]}; echo $? > $one.rc; i=$((i + 1)); done
  for one in silent quoted hang bytes; do works $one "\(1, 3\)"; done
  command -v gcc > /dev/null || { fail "needs gcc for the rest"; return; }
  printf '#include <errno.h>\n#include <sys/file.h>\nint flock(int f, int o) { errno = ENOLCK; return -1; }\n' > n.c
  gcc -shared -fPIC n.c -o noflock.so
  printf '#!/bin/sh\n[ "$1" = --version ] && echo 1.0 && exit 0\necho no; exit 3\n' > cxx; chmod +x cxx
  CXX=$PWD/cxx LD_PRELOAD=$PWD/noflock.so "$PYTHON" -c "$LAYER" > noflock.out 2>&1
  echo $? > noflock.rc; works noflock "\(1, 3\)"
  LD_PRELOAD=$PWD/noflock.so KERAS_RNN_ZOO_NATIVE=0 krz train train digits_gru $QUICK --out x
  no "train without flock: $(head -1 train.out)" grep -q "another process" train.out
  works train
  # A library that loads and has none of the ops.
  printf 'int nothing;\n' > e.c; gcc -shared -fPIC e.c -o empty.so
  cat > fake << P
#!/bin/sh
case "\$*" in *--version*) echo 1.0; exit 0;; *-fsyntax-only*) exit 0;; esac
while [ \$# -gt 0 ]; do [ "\$1" = -o ] && cp $PWD/empty.so "\$2"; shift; done
P
  chmod +x fake; CXX=$PWD/fake python noops <<< "$LAYER"
  works noops "\(1, 3\)"
}

# --- where results are written ------------------------------------------------------------

case_pidns() {
  root_with unshare
  unshare --pid --fork --mount-proc true 2> /dev/null || skip "needs namespaces"
  run=$(a_run)
  cat > writer.py << P
import pathlib, shutil, time
from keras_rnn_zoo.presets import new_directory
with new_directory("runs/digits_gru") as directory:
    shutil.copy("$run/model.keras", directory)
    pathlib.Path("started").touch()
    while not pathlib.Path("go").exists():
        time.sleep(0.1)
    shutil.copytree("$run", directory, dirs_exist_ok=True)
P
  "$PYTHON" writer.py > writer.out 2>&1 & pid=$!
  for i in $(seq 600); do [ -e started ] && break; sleep 0.2; done
  unshare --pid --fork --mount-proc "$PYTHON" -m keras_rnn_zoo.cli predict digits_gru "$N64" > p.out 2>&1
  ok "the half written directory is gone after predict" sh -c 'find runs -name model.keras | grep -q .'
  unshare --pid --fork --mount-proc "$PYTHON" -c "
import shutil
from keras_rnn_zoo.presets import new_directory
try:
    with new_directory('runs/digits_gru') as d: shutil.copytree('$run', d, dirs_exist_ok=True)
except RuntimeError as error: print(error)" > second.out 2>&1
  echo $? > second.rc; works second
  touch go; wait $pid; echo $? > writer.rc; works writer
  ok "the result is not whole" diff -r "$run" runs/digits_gru
  # Killed between the renames: who reads is told where the run lies.
  mkdir other; cp -r "$run" other/digits_gru
  python killed << P
import os, pathlib, shutil, signal
from keras_rnn_zoo.presets import new_directory
real = {f: getattr(os, f) for f in ("rename", "replace")}
def after(function):
    def run(a, b, **more):
        function(a, b, **more)
        if pathlib.Path(a).name == "digits_gru":
            os.kill(os.getpid(), signal.SIGKILL)
    return run
os.rename, os.replace = map(after, real.values())
with new_directory("other/digits_gru") as directory:
    shutil.copytree("$run", directory, dirs_exist_ok=True)
P
  [ "$(rc killed)" = 137 ] || fail "was not killed: $(last killed)"
  python found << 'P'
from keras_rnn_zoo.jobs.models import find_run
print("found", find_run("digits_gru", runs="other"))
P
  ok "the shipped model answers for the run: $(last found)" grep -qE "^found other/|To have it back: mv " found.out
}

case_mount() {
  root_with mount
  mkdir out real; tmpfs 50M out; ln -s real link; ln -s nowhere dangling
  mkdir below; ln -s "$PWD/below" parent
  for one in out link dangling parent/x; do echo "${one%/*} | train digits_gru ${QUICK/ -q / } --out $one"; done > list
  many < list
  for one in out link dangling; do
    if [ "$(rc $one)" = 0 ]; then ok "$one: no run in it" test -e $one/model.keras
    else
      refused $one "out|link|dangling"
      no "$one: refused after the training" grep -q "^epoch" $one.out
    fi
  done
  works parent; ok "parent: no run" test -e below/x/model.keras
  ok "the link was replaced" test -L link -a -L dangling
  ok "no longer a mount" grep -q " $PWD/out " /proc/mounts
  no "leftovers beside: $(ls -Ad .*.old* .*.partial* .*.training* 2> /dev/null | xargs)" \
    sh -c 'ls -Ad .*.old* .*.partial* .*.training* 2> /dev/null | grep -q .'
  # Once more: what was made there is replaced by the next.
  krz again train digits_gru $QUICK --out link
  [ "$(rc link)" = "$(rc again)" ] || fail "the second time: $(last again)"
}

case_lock_race() {
  python race $((8 * ROUNDS)) << 'P'
import collections, os, pathlib, sys, time
from keras_rnn_zoo.presets import new_directory, training_directory

def worker(i, end):
    seen = collections.Counter()
    while time.time() < end:
        try:
            with training_directory("x") as directory:
                try:
                    handle = os.open("inside", os.O_CREAT | os.O_EXCL)
                except FileExistsError:
                    seen["two at once"] += 1
                else:
                    (directory / "checkpoint").touch()
                    os.close(handle)
                    os.unlink("inside")
                seen["entered"] += 1
        except RuntimeError:
            seen["refused"] += 1
        except Exception as error:
            seen[type(error).__name__] += 1
        try:
            with new_directory("result") as directory:
                (directory / "metrics.json").write_text('{"name": 1, "test": 2, "versions": 3}')
                (directory / "model.keras").write_text("x" * 1000)
            seen["written"] += 1
        except RuntimeError:
            seen["refused"] += 1
        except Exception as error:
            seen[f"new_directory: {type(error).__name__} {error}"[:120]] += 1
        try:
            size = len(pathlib.Path("result/model.keras").read_text())
            if size != 1000:
                seen[f"half written: {size}"] += 1
        except FileNotFoundError:
            pass  # between two renames
    pathlib.Path(f"seen{i}").write_text(repr(dict(seen)))

end = time.time() + float(sys.argv[1])
for i in range(4):
    if os.fork() == 0:
        worker(i, end)
        os._exit(0)
for _ in range(4):
    os.wait()
total = collections.Counter()
for i in range(4):
    total.update(eval(pathlib.Path(f"seen{i}").read_text()))
print(dict(total))
bad = {k: v for k, v in total.items() if k not in ("entered", "refused", "written")}
assert total["entered"] and total["written"], total
sys.exit(f"{bad}" if bad else 0)
P
  [ "$(rc race)" = 0 ] || fail "$(last race)"
}

# --- exported files -------------------------------------------------------------------------

case_exported_step() {
  many << E
s | export digits_gru --out s
w | export py_chars_lstm --out w
o | export digits_gru --to onnx --out o
E
  works s; works w; works o
  python asked << 'P'
import glob, itertools, sys
import numpy as np, onnxruntime, tensorflow as tf
said = []

def refused(what, call):
    try:
        call()
    except Exception:
        return
    said.append(what)

for name in ("s", "w"):
    step = tf.saved_model.load(name).signatures["step"]
    _, spec = step.structured_input_signature
    def of(v, n):
        return tf.constant(["d"] * n) if v.dtype == tf.string else tf.ones([n, *v.shape[1:]], v.dtype)
    step(**{k: of(v, 2) for k, v in spec.items()})
    for rows in itertools.product((0, 1, 2, 3), repeat=len(spec)):
        if len(set(rows)) > 1:
            given = {k: of(v, n) for (k, v), n in zip(spec.items(), rows)}
            refused(f"{name}: step of rows {rows}", lambda: step(**given))
loaded = tf.saved_model.load("s").signatures
[(key, spec)] = loaded["serving_default"].structured_input_signature[1].items()
_, specs = loaded["step"].structured_input_signature
right = {k: np.ones([1, *v.shape[1:]], "float32") for k, v in specs.items()}
for value in (np.nan, np.inf, -np.inf):
    x = np.ones((1, 8, 8), "float32")
    x[0, 3, 4] = value
    refused(f"SavedModel takes {value}", lambda: loaded["serving_default"](**{key: tf.constant(x)}))
    for k in right:
        one = right[k].copy()
        one.flat[0] = value
        given = {n: tf.constant(v) for n, v in (right | {k: one}).items()}
        refused(f"step takes {value} in {k}", lambda: loaded["step"](**given))
options = onnxruntime.SessionOptions()
options.log_severity_level = 4
tried = 0
for file in glob.glob("o/*.onnx"):
    session = onnxruntime.InferenceSession(file, options)
    inputs = session.get_inputs()
    if any(i.type != "tensor(float)" for i in inputs):
        continue
    def make(i, n):
        shape = [n if j == 0 else 8 if isinstance(d, str) else d for j, d in enumerate(i.shape)]
        return np.ones(shape, "float32")
    right = {i.name: make(i, 2) for i in inputs}
    session.run(None, right)
    tried += 1
    for k, value in itertools.product(right, (np.nan, np.inf)):
        bad = right[k].copy()
        bad.flat[0] = value
        def run():
            out = session.run(None, right | {k: bad})
            if any(not np.isfinite(v).all() for v in out if v.dtype.kind == "f"):
                raise ValueError("says so by NaN")
        refused(f"{file} takes {value} in {k}", run)
    for rows in itertools.product((0, 1, 2, 3), repeat=len(inputs)):
        if len(set(rows)) > 1:
            given = {i.name: make(i, n) for i, n in zip(inputs, rows)}
            refused(f"{file}: rows {rows}", lambda: session.run(None, given))
assert tried, glob.glob("o/*")
sys.exit(f"{len(said)}: " + ", ".join(said[:4]) if said else 0)
P
  [ "$(rc asked)" = 0 ] || fail "$(last asked)"
}

# --- texts, names, the terminal, files that are not what they should be ---------------------

case_bom() {
  printf '\xef\xbb\xbfLondon is big\n' > b.txt; tail -c +4 b.txt > p.txt
  printf '\xef\xbb\xbf%s\n' "$N64" > n.txt
  many << 'E'
bom | predict wnut17_bilstm_crf --file b.txt
plain | predict wnut17_bilstm_crf --file p.txt
stdin < b.txt | predict wnut17_bilstm_crf -
numbers | predict digits_gru --file n.txt
E
  works bom; works numbers
  ok "a file with a BOM answers otherwise" cmp bom.out plain.out
  ok "standard input with a BOM answers otherwise" cmp stdin.out plain.out
}

case_file_name() {
  mkdir Übung "my recipe" "9 -x"
  for d in Übung "my recipe" "9 -x"; do cp "$SRC/digits_gru/recipe.toml" "$d/"; done
  for f in données.csv 数据.csv '-- a.csv' ☃.csv 😀.csv; do words 60 > "./$f"; done
  many << E
fr | train py_cursor_lstm --data données.csv $QUICK
cn | train py_cursor_lstm --data 数据.csv $QUICK
dash | train py_cursor_lstm --data './-- a.csv' $QUICK
snow | train py_cursor_lstm --data ☃.csv $QUICK
smile | train py_cursor_lstm --data 😀.csv $QUICK --out smile
read | predict ./smile abc
umlaut | train Übung $QUICK
space | train "my recipe" $QUICK
nine | train "9 -x/recipe.toml" $QUICK
E
  for one in fr cn dash snow smile read umlaut space nine; do works $one; done
}

case_terminal() {
  esc=$(printf '\033')
  printf 'Hi \033]0;owned\007 \033[2Jred \302\233 \342\200\256abc a\010b\n' > e.txt
  printf 'if x:  # \033[2J\033]0;owned\007 \302\233\n' > c.txt
  mkdir m b k; { echo 'name = "[/]"'; cat "$SRC/digits_gru/recipe.toml"; } > m/recipe.toml
  sed 's#^title = .*#title = "see \\u001b[2J [bold red]x[/] \\u009b5 \\u202e"#' "$SRC/digits_gru/recipe.toml" > b/recipe.toml
  cp "$SRC/digits_gru/recipe.toml" k/$'a\033[2J[bold]b.toml'
  cp e.txt $'n\033[2J[bold]b.txt'
  cp -r "$(a_run)" run; "$PYTHON" - << 'P'
import json, pathlib
file = pathlib.Path("run/assets.json"); assets = json.loads(file.read_text())
assets["labels"] = [f"[/]\x1b[2J{i}" for i in range(len(assets["labels"]))]
file.write_text(json.dumps(assets))
metrics = pathlib.Path("run/metrics.json"); document = json.loads(metrics.read_text())
document["test"][0]["name"] = "[/]\x1b[2J"; document["test"][0]["note"] = "[/]\x1b[2J"
metrics.write_text(json.dumps(document))
P
  many << E
words | predict wnut17_bilstm_crf --file e.txt
code | predict py_tagger_bilstm --file c.txt
words2 < e.txt | predict wnut17_bilstm_crf -
text | predict sentence_polarity_bilstm --file e.txt
lm | predict py_chars_lstm --file c.txt
generated | generate py_chars_lstm --prompt '$(cat c.txt)' --steps 5 --seed 1
recipe | show m
title | show b
labels | predict ./run '$N64'
run | show ./run
list | list --runs .
title2 | train b/recipe.toml ${QUICK/ -q / } --out o
named | show 'k/a${esc}[2J[bold]b.toml'
file | predict digits_gru --file 'n${esc}[2J[bold]b.txt'
missing | predict digits_gru --file '${esc}[2J[/]'
name | predict '${esc}[2J[/]' x
option | train digits_gru --device '${esc}[2J[/]' $QUICK
E
  for one in words code words2 text lm generated recipe title labels run list title2 named file missing name option; do
    polite $one
    case $(rc $one) in 0 | 2) ;; *) fail "$one: exit code $(rc $one)";; esac
    # Our own colours are not meant: only what was in the input.
    no "$one: control codes of the input reach the terminal" grep -qaP '\x1b\]0|\x1b\[2J|\xc2\x9b|\xe2\x80\xae|\x08|\x07' $one.out
  done
  ok "[bold red] is swallowed" grep -qF '[bold red]x' title.out
}

case_npy() {
  : > e.npy; printf 'PK\3\4x' > z.npy; printf '\x93NUMPY\1\0' > short.npy
  "$PYTHON" - << 'P'
import numpy as np
np.save("b.npy", np.full((8, 8), 1e300)); np.save("t.npy", np.zeros((4, 2, 8)))
np.save("objects.npy", np.array([{}], object), allow_pickle=True)
np.save("scalar.npy", np.float32(3)); np.save("text.npy", np.array(["a"]))
np.save("complex.npy", np.ones((8, 8), complex)); np.save("wide.npy", np.zeros((8, 12)))
head = str({"descr": "<f8", "fortran_order": False, "shape": (10**12, 8)}).ljust(117) + "\n"
open("huge.npy", "wb").write(b"\x93NUMPY\1\0" + len(head).to_bytes(2, "little") + head.encode())
P
  big=$(printf '1e300 %.0s' {1..24})
  files="e z short b t objects scalar text complex wide huge"
  for f in $files; do echo "$f | predict digits_gru --file $f.npy"; done > list
  echo "sun | predict sunspots_gru '$big'" >> list; echo "words | predict digits_gru '${N64% 1 } 1e300'" >> list
  many < list
  for f in $files; do refused $f; done
  for f in e z short objects huge; do refused $f "$f\.npy"; done
  refused sun; refused words
}

case_tracebacks() {
  run=$(a_run)
  ( ulimit -v 14000000; krz units train digits_gru $QUICK --units 99999999999 --out u )
  refused units; [ "$(wc -l < units.out)" -le 5 ] || fail "--units: $(wc -l < units.out) lines"
  broken() {  # NAME FILE TEXT: a copy of the run with that in a file
    cp -r "$run" "$1"; printf %s "$3" > "$1/$2"; }
  broken b_metrics metrics.json ''; broken b_assets assets.json '{'; broken b_null assets.json null
  broken b_labels assets.json '{"task": "classification"}'; broken b_list metrics.json '[]'
  broken b_keras model.keras 'PK'; broken b_recipe recipe.toml 'x'
  cp -r "$SRC/digits_gru" s_config; echo '[]' > s_config/config.json
  cp -r "$SRC/digits_gru" s_meta; echo 'null' > s_meta/metadata.json
  cp -r "$SRC/digits_gru" s_files; echo '{"files": []}' > s_files/metadata.json
  "$PYTHON" - "$SRC/digits_gru" << 'P'
import hashlib, json, pathlib, shutil, sys
for place, name, text in (("s_signed", "config.json", "null"), ("s_assets", "assets/assets.json", "[]")):
    root = pathlib.Path(shutil.copytree(sys.argv[1], place))
    (root / name).write_text(text)
    meta = json.loads((root / "metadata.json").read_text())
    meta["files"][name] = {"bytes": len(text), "sha256": hashlib.sha256(text.encode()).hexdigest()}
    (root / "metadata.json").write_text(json.dumps(meta))
P
  mkdir -p runs/digits_gru; : > runs/digits_gru/metrics.json
  set_rate() { sed "s/^learning_rate = 0.005/learning_rate = $1/" "$SRC/digits_gru/recipe.toml"; }
  set_rate '0.005\nwarmup_epochs = inf' > warm.toml; set_rate nan > nan.toml
  set_rate 1e30 | sed 's/^clipnorm.*//; s/"GRU"/"SimpleRNN"\nactivation = "relu"/; s/^schedule.*//; /^activation/d' > far.toml
  many << E
list | list
show | show digits_gru
published | publish $SRC/digits_gru --no-weights --out p/x
warm | train warm.toml $QUICK
nan | train nan.toml $QUICK
far | train far.toml ${QUICK/--epochs 1/--epochs 3} --out far
b_metrics | predict ./b_metrics '$N64'
b_assets | predict ./b_assets '$N64'
b_null | predict ./b_null '$N64'
b_labels | predict ./b_labels '$N64'
b_list | publish ./b_list --no-weights --out q/x
b_keras | predict ./b_keras '$N64'
b_recipe | predict ./b_recipe '$N64'
s_config | predict ./s_config '$N64'
s_meta | predict ./s_meta '$N64'
s_files | predict ./s_files '$N64'
s_signed | predict ./s_signed '$N64'
s_assets | predict ./s_assets '$N64'
steps | export digits_gru --to litert --steps 99999999999 --out l
E
  polite list; grep -q sunspots_gru list.out || fail "one broken run breaks the list: $(last list)"
  polite show; refused published; refused warm "warm.toml, line"; refused nan "nan.toml, line"
  polite far; no "a training that diverges blames the SavedModel" grep -q "exported SavedModel" far.out
  refused b_metrics "b_metrics/metrics.json"; refused b_assets "b_assets/assets.json"; refused b_null "b_null/assets.json"
  refused b_labels "b_labels/assets.json"; refused b_list "b_list/metrics.json"; refused b_keras "b_keras/model.keras"
  refused b_recipe "b_recipe/recipe.toml"; refused s_config "s_config/config.json"; refused s_meta "s_meta/metadata.json"
  refused s_files "s_files/metadata.json"; refused s_signed "s_signed/config.json"; refused s_assets "s_assets/assets/assets.json"
  refused steps
  cp -r "$SRC/digits_gru" copied; krz judged evaluate ./copied --data-dir "$BASE/tfds"; works judged
  no "evaluate of a copy: nan" grep -q "figures: nan" judged.out
}

# --- lengths, Ctrl-C, what is left over -------------------------------------------------------

case_lengths() {
  "$PYTHON" - << 'P'
import json
line = json.dumps({"text": "x" * 30_000_000, "label": "1"})
with open("text.jsonl", "w") as file:
    for i in range(30):
        file.write((line if i == 6 else json.dumps({"text": f"t {i}", "label": str(i % 2)})) + "\n")
with open("tags.jsonl", "w") as file:
    for i in range(30):
        n = 3_000_000 if i == 6 else 3
        file.write(json.dumps({"tokens": ["w"] * n, "tags": ["O", "B"] + ["O"] * (n - 2)}) + "\n")
open("words.txt", "w").write("word " * 4_000_000)
open("chars.txt", "w").write("x" * 20_000_000)
P
  limited() { local name=$1; shift; ( ulimit -v 12000000; ulimit -t 120; timeout 900 "$PYTHON" -m keras_rnn_zoo.cli "$@" > "$name.out" 2>&1; echo $? > "$name.rc" ); }
  limited text train py_cursor_lstm --data text.jsonl $QUICK; refused text "text.jsonl, line 7"
  limited tags train py_tagger_bilstm --data tags.jsonl $QUICK; refused tags "tags.jsonl, line 7"
  limited words predict wnut17_bilstm_crf --file words.txt; refused words
  limited chars predict py_tagger_bilstm --file chars.txt; refused chars
}

case_ctrl_c() {
  export PYTHONFAULTHANDLER=1
  python tries $((12 * ROUNDS)) << 'P'
import collections, random, signal, subprocess, sys, time
random.seed(1)
signal.signal(signal.SIGINT, signal.default_int_handler)
command = [sys.executable, "-m", "keras_rnn_zoo.cli", "predict", "digits_gru", "1 " * 64]
begun = time.time()
subprocess.run(command, capture_output=True)
whole = time.time() - begun
seen = collections.Counter()
for _ in range(int(sys.argv[1])):
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    time.sleep(random.uniform(0.05, 0.7) * whole)
    late = process.poll() is not None
    process.send_signal(signal.SIGINT)
    try:
        out = process.communicate(timeout=60 + 3 * whole)[0]
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGABRT)
        sys.exit("after Ctrl-C the command hangs: " + process.communicate()[0])
    seen["too late" if late else process.returncode] += 1
    if process.returncode == 0 and not late:
        print("lost:", out[-200:])
print(dict(seen))
sys.exit(f"Ctrl-C was lost: {dict(seen)}" if seen[0] else 0)
P
  [ "$(rc tries)" = 0 ] || fail "$(last tries)"
}

case_leftovers() {
  compiler_that_says; export CXX=$PWD/slow
  printf '#!/bin/sh\ncase "$*" in *--version*) echo 1.0; exit 0;; *-fsyntax-only*) exit 0;; esac\ntouch %s/begun; exec sleep 47.125\n' "$PWD" > slow; chmod +x slow
  for signal in KILL TERM; do
    rm -rf begun cache
    "$PYTHON" -m keras_rnn_zoo.cli native build > killed.out 2>&1 & pid=$!
    for i in $(seq 400); do [ -e begun ] && break; sleep 0.1; done
    kill -$signal $pid; wait $pid 2> /dev/null; sleep 2
    pids=$(pgrep -xf 'sleep 47\.125' | xargs)
    [ -z "$pids" ] || { fail "SIG$signal: compilers run on"; kill $pids; }
    echo "error: x" > says
    CXX=$PWD/cxx krz next native build
    left=$(find cache -name 'build-*' | wc -l); [ "$left" = 0 ] || fail "SIG$signal: $left build directories stay"
  done
  env -u TF_CPP_MIN_LOG_LEVEL "$PYTHON" -m keras_rnn_zoo.cli native status > status.out 2>&1
  no "native status prints TensorFlow's log" grep -qE '^[EWI]0000|^WARNING: All log' status.out
  # Files of a size that metadata.json does not have are not read; NaN weights are seen.
  cp -r "$SRC/digits_gru" big; truncate -s 40G big/model.weights.h5
  cp -r "$SRC/digits_gru" nans
  "$PYTHON" - << 'P' > /dev/null 2>&1
import hashlib, json, pathlib, h5py, numpy as np
path = pathlib.Path("nans/model.weights.h5")
def spoil(_, x):
    if isinstance(x, h5py.Dataset) and x.dtype.kind == "f" and x.size:
        x[...] = np.nan
with h5py.File(path, "r+") as file:
    file.visititems(spoil)
meta = json.loads(pathlib.Path("nans/metadata.json").read_text())
meta["files"]["model.weights.h5"] = {"bytes": path.stat().st_size, "sha256": hashlib.sha256(path.read_bytes()).hexdigest()}
pathlib.Path("nans/metadata.json").write_text(json.dumps(meta))
P
  ( ulimit -v 14000000; python big << 'P'
import time, keras_rnn_zoo
begun = time.time()
try:
    keras_rnn_zoo.load("./big")
except ValueError as error:
    assert "model.weights.h5" in str(error), error
    assert time.time() - begun < 20, "40 GB were read"
else:
    raise SystemExit("loaded")
P
  ); works big
  python nan << 'P'
import keras_rnn_zoo
try:
    keras_rnn_zoo.load("./nans")
except (ValueError, RuntimeError) as error:
    print(error)
else:
    raise SystemExit("weights full of NaN are loaded without a word")
P
  works nan
}

# --- running them -----------------------------------------------------------------------------

cases() { declare -F | sed -n 's/^declare -f case_//p'; }

judge() {
  local name=$1 begun=$SECONDS result=0
  declare -F "case_$name" > /dev/null || { echo "$name: no such case; there are: $(cases | xargs)" >&2; return 1; }
  [ -n "$SERVER" ] || serve
  CASE=$BASE/$name; mkdir -p "$CASE"; chmod 755 "$CASE"
  ( cd "$CASE" && "case_$name" ) > "$CASE/case.log" 2>&1
  local took=$((SECONDS - begun))
  if [ -s "$CASE/FAILED" ]; then
    echo "$name: FAIL ($took s) $(tr -d '\000-\011\013-\037' < "$CASE/FAILED" | paste -sd '|' | sed 's/|/ | /g')"; result=1
  elif [ -s "$CASE/SKIPPED" ]; then echo "$name: skipped ($(cat "$CASE/SKIPPED"))"; result=2
  else echo "$name: ok ($took s)"; fi
  unmount "$CASE"
  [ -z "$KEEP" ] || cp -r "$CASE" "$KEEP/"
  rm -rf "$CASE"
  return $result
}

[ $# -gt 0 ] || { echo "usage: $0 CASE…|all"; cases; exit 1; }
[ "$1" != all ] || set -- $(cases)
good=0 bad=0 skipped=0
for one; do
  judge "$one"
  case $? in 0) good=$((good + 1));; 2) skipped=$((skipped + 1));; *) bad=$((bad + 1));; esac
done
[ $# = 1 ] || echo "$good ok, $bad failed, $skipped skipped"
[ $bad = 0 ]
