# make demo   installs into .venv, trains the default model and shows what it did
# make test   installs into .venv and runs the tests but for long trainings and notebooks
# make slow   the long trainings and the notebooks, in a fast setting, as well
# make ci     what the continuous integration runs
# make differential   every path of the layers against the loop, 2,000 drawn configurations
# make notebooks   every notebook in full, from a clean kernel
# make docs   builds the site into site/; its search needs python3 -m http.server -d site
# make hero   draws the picture of the README anew, from a cell and a shipped model
# make wheel  builds sdist and wheel into dist/, and uses the wheel in an empty environment
# make fuzz   the fuzz tests with many examples (N=2000), make faults  the faults that
#             once were there, and kills (N=5 rounds)
# make outside   cells against other people's packages (PyTorch for the CPU, torchrecurrent, …),
#             in an environment of its own; a table of the differences
# make nightly   the tests of the layers with keras-nightly, or with KERAS=keras==3.16.0
# make lint   format, style and types, as CONTRIBUTING asks
# PYTHON=…    which Python (3.11-3.13) makes .venv

SHELL := bash
.PHONY: demo test slow ci docs wheel differential notebooks lint clean fuzz faults nightly hero outside

demo:
	@source .ci/env && install_into_venv plot,data
	.venv/bin/keras-rnn-zoo train

test:
	@bash .ci/test

slow:
	@bash .ci/test -m "slow or not slow"

ci:
	@bash .ci/run

docs:
	@bash .ci/docs

hero:
	@source .ci/env && install_into_venv docs -e
	cd docs && ../.venv/bin/python -m zoo_site.hero

wheel:
	@bash .ci/wheel

differential:
	@source .ci/env && install_into_venv dev -e
	.venv/bin/python -m tests.differential --count 2000

notebooks:
	@KRZ_NOTEBOOK_FULL=1 bash .ci/test tests/test_notebooks.py -m "notebooks or not notebooks"

fuzz:
	@KRZ_FUZZ_EXAMPLES=$${N:-2000} bash .ci/test tests/fuzz

faults:
	@KRZ_FAULT_ROUNDS=$${N:-5} bash .ci/test tests/faults -m "slow or not slow"

nightly:
	@bash .ci/nightly

outside:
	@bash .ci/outside

lint:
	@source .ci/env && install_into_venv dev -e
	@source .ci/env && run_lint

clean:
	rm -rf .venv .venv-outside build dist runs site *.egg-info .pytest_cache .hypothesis .ruff_cache
