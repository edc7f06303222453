// gate: what a step of a gate graph is made of, in f64: linear layers of one row,
// ReGLU neurons (Shazeer, "GLU variants improve transformer", arXiv 2002.05202) and
// hard-max attention, whose result is a row and not a mixture of rows.
//
// All instruction sets give the same bits: sums are taken in the stated order, in other
// elements side by side, and products are rounded before they are added.
#pragma once
#include "kernels/kernel.h"
