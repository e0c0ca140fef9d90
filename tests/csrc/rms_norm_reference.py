# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""rms_norm in float64 numpy, written from its formula."""

import numpy as np


def _rows(x: np.ndarray, weight: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return x.astype(np.float64).reshape(-1, weight.size), weight.astype(np.float64).reshape(-1)


def forward(x: np.ndarray, weight: np.ndarray, eps: float) -> np.ndarray:
    """y = x / sqrt(mean(x^2) + eps) * weight over the dimensions of weight; float64."""
    rows, scale = _rows(x, weight)
    if rows.size == 0:
        return np.zeros(x.shape)
    rms = np.sqrt(np.mean(rows * rows, axis=1, keepdims=True) + eps)
    return (rows / rms * scale).reshape(x.shape)


def gradients(
    x: np.ndarray, weight: np.ndarray, dy: np.ndarray, eps: float
) -> tuple[np.ndarray, np.ndarray]:
    """dx and dweight for the gradient dy of y; float64."""
    rows, scale = _rows(x, weight)
    if rows.size == 0:
        return np.zeros(x.shape), np.zeros(weight.shape)
    upstream = dy.astype(np.float64).reshape(rows.shape)
    rms = np.sqrt(np.mean(rows * rows, axis=1, keepdims=True) + eps)
    normal = rows / rms
    through_scale = upstream * scale
    along_row = np.mean(through_scale * normal, axis=1, keepdims=True)
    dx = (through_scale - normal * along_row) / rms
    dweight = np.sum(upstream * normal, axis=0)
    return dx.reshape(x.shape), dweight.reshape(weight.shape)


def input_gradient_scale(x: np.ndarray, weight: np.ndarray, dy: np.ndarray, eps: float) -> float:
    """The largest of the terms dy * weight / rms whose difference dx is.

    In a row of one element they cancel almost wholly, and rounding is relative to them.
    """
    rows, scale = _rows(x, weight)
    rms = np.sqrt(np.mean(rows * rows, axis=1, keepdims=True) + eps) if rows.size else 1.0
    terms = dy.astype(np.float64).reshape(rows.shape) * scale / rms
    return float(np.max(np.abs(terms), initial=0.0))
