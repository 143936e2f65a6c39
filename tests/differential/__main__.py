"""`python -m tests.differential`: one seed again, or a campaign."""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import argparse
import collections
import functools
import multiprocessing
import sys
import time

CHUNK = 50


def main():
    parser = argparse.ArgumentParser(prog="python -m tests.differential")
    parser.add_argument("--seed", type=int, help="this one alone")
    parser.add_argument("--every-path", action="store_true", help="instead of a drawn")
    parser.add_argument("--count", type=int, default=2000)
    parser.add_argument("--start", type=int, default=0, help="the first seed")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument(
        "--cudnn", action="store_true", help="cuDNN's path, without a GPU"
    )
    given = parser.parse_args()
    if given.cudnn:
        os.environ["KRZ_TEST_CUDNN"] = "1"
    from tests.differential import draw, run

    if given.seed is not None:
        print(draw(given.seed))
        counts, failures = run([given.seed], given.every_path)
        print(dict(counts), *failures.values(), sep="\n")
        return 1 if failures else 0
    begin, counts, failures = time.time(), collections.Counter(), {}
    seeds = range(given.start, given.start + given.count)
    chunks = [seeds[k : k + CHUNK] for k in range(0, len(seeds), CHUNK)]
    # Compiled programs stay in memory, so no process lives long. (An executor of
    # `concurrent.futures` that is told so can wait for ever.)
    context = multiprocessing.get_context("spawn")
    with context.Pool(given.jobs, maxtasksperchild=4) as pool:
        work = functools.partial(run, every_path=given.every_path)
        for more, failed in pool.imap(work, chunks):
            counts.update(more)
            failures.update(failed)
            for seed, text in failed.items():
                print(f"--- seed {seed}\n{text}", flush=True)
    print(
        f"{len(seeds)} configurations in {time.time() - begin:.0f} s: {dict(counts)}; "
        f"{len(failures)} failed: {sorted(failures)}"
    )
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
