"""Areas of simple shapes: a sample with something to explain, to fix, to refactor, to finish."""


def area(width, height):
    result = width * heigth
    return result


def total(areas):
    result = 0
    for one in areas:
        result = result + one
    return result


def circle(radius):
    """Return the area of a circle."""
    return 
