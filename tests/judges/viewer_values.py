"""What pydicom reads in a slice, for the browser test of the viewer: values of pixels, of the pixels of an ellipse.

Usage: viewer_values.py FILE X,Y… [--ellipse CX,CY,RX,RY]: prints JSON {"rows", "columns", "spacing", "values", "ellipse"}; places in
pixels from 0 on.
"""

import json
import sys

import numpy
import pydicom


def main():
    """Prints the values of the places that were asked for."""
    dataset = pydicom.dcmread(sys.argv[1])
    values = dataset.pixel_array.astype(numpy.float64) * float(dataset.RescaleSlope) + float(dataset.RescaleIntercept)
    places, ellipse = [], None
    arguments = iter(sys.argv[2:])
    for argument in arguments:
        if argument == "--ellipse":
            ellipse = [float(part) for part in next(arguments).split(",")]
        else:
            places.append([int(part) for part in argument.split(",")])
    spacing = [float(part) for part in dataset.PixelSpacing]
    answer = {"rows": dataset.Rows, "columns": dataset.Columns, "spacing": spacing, "values": [values[y, x] for x, y in places], "ellipse": None}
    if ellipse:
        cx, cy, rx, ry = ellipse
        y, x = numpy.mgrid[0:values.shape[0], 0:values.shape[1]]
        inside = values[((x - cx) / rx) ** 2 + ((y - cy) / ry) ** 2 <= 1]
        answer["ellipse"] = {
            "area": numpy.pi * rx * ry * spacing[0] * spacing[1], "mean": inside.mean(), "deviation": inside.std(ddof=0),
            "min": inside.min(), "max": inside.max()}
    print(json.dumps(answer))
    return 0


if __name__ == "__main__":
    sys.exit(main())
