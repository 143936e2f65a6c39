"""STIX Two Math, cut down to what equations need: the browser has it from this site."""

import io

_RANGES = (
    *((0x20, 0x7E), (0xA0, 0xFF), (0x131, 0x131), (0x237, 0x237), (0x2C6, 0x2DD)),
    *((0x300, 0x332), (0x391, 0x3F6), (0x2010, 0x2044), (0x2061, 0x2064)),
    *((0x20D0, 0x20EF), (0x2190, 0x21FF), (0x2200, 0x22FF), (0x2308, 0x230B)),
    *((0x27E8, 0x27EB), (0x1D434, 0x1D467), (0x1D6E2, 0x1D71B), (0x210E, 0x210E)),
)


def maths_font():
    """WOFF of the font that comes with `ziamath`, under the SIL Open Font License."""
    import importlib.resources

    from fontTools import subset
    from fontTools.ttLib import TTFont

    source = importlib.resources.files("ziamath") / "fonts" / "STIXTwoMath-Regular.ttf"
    font = TTFont(io.BytesIO(source.read_bytes()))
    options = subset.Options(flavor="woff", layout_features=["*"], notdef_outline=True)
    options.name_IDs = ["*"]  # its licence among them
    cutter = subset.Subsetter(options)
    cutter.populate(
        unicodes=[code for first, last in _RANGES for code in range(first, last + 1)]
    )
    cutter.subset(font)
    font.flavor = "woff"
    file = io.BytesIO()
    font.save(file)
    return file.getvalue()
