"""What mkdocs calls while it builds the site; the pages are made in `zoo_site`."""

import logging
import os
import pathlib
import sys

os.environ.setdefault("KERAS_RNN_ZOO_NATIVE", "0")  # nothing is worth compiling here
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")
ROOT = pathlib.Path(__file__).parents[1]
for _place in (ROOT / "docs", ROOT):
    if str(_place) not in sys.path:
        sys.path.insert(0, str(_place))

from mkdocs.structure.files import File  # noqa: E402
from zoo_site import docstrings, fonts, maths, site  # noqa: E402

for _name in ("fontTools", "matplotlib", "absl", "tensorflow"):
    logging.getLogger(_name).setLevel(logging.ERROR)


def on_config(config):
    """Writes the navigation."""
    config.nav = site.navigation()
    return config


def on_files(files, config):
    """Adds what is made: pages, pictures, the font of the mathematics."""
    docstrings.set_links(site.api.links())
    made = {**site.pages(), **site.figures(), "assets/maths.woff": fonts.maths_font()}
    for path, content in made.items():
        if isinstance(content, pathlib.Path):
            files.append(File.generated(config, path, abs_src_path=str(content)))
        else:
            files.append(File.generated(config, path, content=content))
    return files


def on_page_markdown(markdown, page, **_):
    """Fills what pages leave open."""
    return site.filled(page.file.src_uri, markdown)


def on_page_content(html, page, **_):
    """Draws the mathematics, in the table of contents too."""
    items = [*page.toc.items]
    while items:
        item = items.pop()
        item.title = maths.render_title(item.title)
        items += item.children
    html = maths.render_latex(html)
    if page.file.src_uri.startswith(("zh/", "notebooks/zh/")):
        return f'<div lang="zh-CN">{html}</div>'
    return html
