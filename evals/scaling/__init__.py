"""Scaling laws: fits of small runs that forecast a larger one, with the interval that such a forecast deserves.

loss_law holds the law L(C) = a C^b + c and its fit; forecast turns a fit into a prediction with its interval, and
tests the law on runs that were held out. Nothing here reads files or calls models.
"""
