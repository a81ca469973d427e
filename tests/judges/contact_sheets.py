"""Contact sheets of real or made files: ours beside the oracle's beside the difference, to be looked at.

Usage: contact_sheets.py RENDER_FRAME FOLDER OUT: sheets OUT/sheet-001.png and on, and OUT/index.txt with what
stands in each row. The difference is eight times enhanced; red where there is no oracle, a cross where we
show a placeholder. Where the file gives no window, and for segments, the oracle's picture is worked out by the rules in
CONFORMANCE, "Previews", from the values that pydicom decodes.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import numpy  # noqa: E402
from PIL import Image, ImageDraw  # noqa: E402

import pixel_oracles as oracles  # noqa: E402
import segment_colours  # noqa: E402
import value_ranges  # noqa: E402
from pixel_source import Fault, Renderer  # noqa: E402
from pixels import PIXELS, as_colour, is_segmentation  # noqa: E402

SIDE, ACROSS, DOWN = 150, 3, 7
ENHANCED = 8


def main():
    """One row of three pictures a file."""
    renderer, folder, out = Renderer(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3])
    out.mkdir(parents=True, exist_ok=True)
    cells, lines = [], []
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        cell = cell_of(path, renderer)
        if cell:
            lines.append(f"sheet {len(cells) // (ACROSS * DOWN) + 1:03} {path.relative_to(folder)}: {cell[1]}")
            cells.append((f"{path.parent.name}/{path.name}", cell[0]))
    for number, start in enumerate(range(0, len(cells), ACROSS * DOWN), 1):
        sheet_of(cells[start:start + ACROSS * DOWN]).save(out / f"sheet-{number:03}.png")
    (out / "index.txt").write_text("\n".join(lines) + "\n", "utf-8")
    print(f"{len(cells)} files on {-(-len(cells) // (ACROSS * DOWN))} sheets in {out}")


def cell_of(path, renderer):
    """Ours, the oracle's and the difference as one picture, and what there is to say."""
    try:
        dataset = oracles.read(path)
        if not any(keyword in dataset for keyword in PIXELS):
            return None
        index = max(int(dataset.get("NumberOfFrames") or 1), 1) // 2
    except Exception:  # any failure of the reader
        return None
    try:
        ours, said = renderer.frame(path, index).picture, "shown"
    except Fault as fault:
        ours, said = None, f"placeholder: {fault}"
    theirs = oracle_of(path, dataset, index)
    if ours is None and theirs is None:
        return None
    apart = None
    if ours is not None and theirs is not None:
        one, other = as_colour(ours, theirs)
        if one.shape == other.shape:
            apart = numpy.abs(one.astype(int) - other.astype(int))
            said = f"off by {apart.mean():.2f} on average, {apart.max()} at most"
            apart = numpy.clip(apart * ENHANCED, 0, 255).astype(numpy.uint8)
        else:
            said = f"{one.shape} beside {other.shape}"
    cell = Image.new("RGB", (3 * SIDE, SIDE + 14), "navy")
    for column, levels in enumerate((ours, theirs, apart)):
        cell.paste(tile(levels, column), (column * SIDE, 14))
    return cell, said


def oracle_of(path, dataset, index):
    """8-bit levels by pydicom, else by DCMTK; None without either."""
    view = oracles.view_of(dataset, index)
    try:
        if dataset.get("SamplesPerPixel", 1) > 1 or dataset.PhotometricInterpretation == "PALETTE COLOR":
            levels = oracles.colour_picture(dataset, index)
        else:
            samples = oracles.decode(dataset, index, raw=True)
            stored, values = oracles.stored_values(samples, dataset), oracles.modality_values(samples, dataset, view)
            colours = None
            if is_segmentation(dataset):
                colours = segment_colours.laid_over(numpy.zeros((*samples.shape, 3)), dataset, index, samples, 1)
            if colours is not None:
                levels = colours
            elif oracles.has_window(view):
                levels = oracles.grey_picture(values, view)
            else:
                (low, _), (high, _) = value_ranges.ends_of(dataset, stored, values, index, view, exact=True)
                levels = value_ranges.levels(values, low, high)
                levels = 255 - levels if oracles.is_inverted(view) else levels
                levels[value_ranges.is_padding(stored, dataset)] = 0
            levels = oracles.with_supplemental_palette(levels, stored, view)
        levels = oracles.with_overlays(levels, dataset, index)
        return numpy.clip(numpy.rint(numpy.nan_to_num(levels)), 0, 255).astype(numpy.uint8)
    except Exception:  # pydicom cannot show everything
        return oracles.dcmtk_picture(path, index, view)


def tile(levels, column):
    """A picture made to fit; a cross or red where there is none."""
    if levels is None:
        empty = Image.new("RGB", (SIDE, SIDE), "black" if column == 0 else "darkred")
        draw = ImageDraw.Draw(empty)
        draw.line((0, 0, SIDE, SIDE), fill="white")
        draw.line((SIDE, 0, 0, SIDE), fill="white")
        return empty
    image = Image.fromarray(numpy.ascontiguousarray(levels)).convert("RGB")
    image.thumbnail((SIDE - 2, SIDE - 2))
    return image


def sheet_of(cells):
    """Up to ACROSS × DOWN files on a sheet."""
    sheet = Image.new("RGB", (ACROSS * (3 * SIDE + 6), DOWN * (SIDE + 18)), "gray")
    draw = ImageDraw.Draw(sheet)
    for place, (name, cell) in enumerate(cells):
        at = (place % ACROSS * (3 * SIDE + 6), place // ACROSS * (SIDE + 18))
        sheet.paste(cell, at)
        draw.text((at[0] + 2, at[1] + 1), name[:70], fill="white")
    return sheet


if __name__ == "__main__":
    sys.exit(main())
