"""Copies the pictures of docs/ with 128 colours, cut to the height of a screen.

Usage: shrink.py PICTURES DOCS
"""

import sys
from pathlib import Path

from PIL import Image

# Which picture stands in docs under which name, and how high it may be for its width.
CHOSEN = {
    "mixed-index-1280-light": ("index.png", 1.02),
    "ct-stack-1280-light": ("stack.png", 1.05),
    "us-stack-390-light": ("phone.png", 4.0),
    "mixed-index-768-forced": ("high-contrast.png", 1.2),
    "portal-results-1280-light": ("portal.png", 0.7),
    "portal-order-390-light": ("portal-phone.png", 2.2),
}


def main():
    """Copies each chosen picture."""
    pictures, docs = map(Path, sys.argv[1:3])
    docs.mkdir(exist_ok=True)
    for name, (target, ratio) in CHOSEN.items():
        image = Image.open(pictures / f"{name}.png").convert("RGB")
        image = image.crop((0, 0, image.width, min(image.height, int(image.width * ratio))))
        image.quantize(128, dither=Image.Dither.NONE).save(docs / target, optimize=True)


if __name__ == "__main__":
    main()
