// exp, sigmoid, silu, tanh, gelu and relu on vectors: written once for every
// instruction set.
//
// Errors against exact values, as tests/kernels/pointwise_test.cc holds them over
// dense samples of f32 arguments:
//   exp        2 ulp; overflow gives inf, underflow subnormals and then 0
//   gelu_erf   6 ulp for x >= -13; below -14.5 it is 0
//   gelu_tanh  4 ulp for x >= 0; 4 ulp + 2^-26 for x < 0, where the rounding of the
//              exponent shows in the relative error of a vanishing value
//   sigmoid    4 ulp; below -87 subnormals and then 0
//   silu       5 ulp for x >= -87, below 2^-142
//   tanh       3 ulp
// NaN gives NaN; gelu(inf) = inf, gelu(-inf) = 0, and so silu; relu(NaN) = NaN.
#pragma once
#include "kernels/vector/inline.h"

namespace rondo::kernels {
namespace {

// e^x = 2^n e^r with |r| <= ln 2 / 2; the polynomial is the interpolation of
// (e^r - 1 - r) / r^2 in Chebyshev nodes, relative error 1.0e-8.
template <class V>
RONDO_KERNEL_INLINE typename V::F exp_of(typename V::F x) {
  x = V::max(V::set(-104.0f), V::min(V::set(89.0f), x));
  const auto n = V::round(V::mul(x, V::set(1.44269504f)));
  auto r = V::fnma(n, V::set(0.693359375f), x);
  r = V::fnma(n, V::set(-2.12194440e-4f), r);
  auto p = V::set(1.392618359e-3f);
  p = V::fma(p, r, V::set(8.363179053e-3f));
  p = V::fma(p, r, V::set(4.166655462e-2f));
  p = V::fma(p, r, V::set(1.666657699e-1f));
  p = V::fma(p, r, V::set(0.5f));
  p = V::fma(V::mul(r, r), p, r);
  return V::scale(V::add(p, V::set(1.0f)), n);
}

// 1 / (1 + e^-x) for x >= 0, e^x / (1 + e^x) below: neither overflows.
template <class V>
RONDO_KERNEL_INLINE typename V::F sigmoid_of(typename V::F x) {
  const auto e = exp_of<V>(V::sub(V::zero(), V::abs(x)));
  const auto one = V::set(1.0f);
  return V::div(V::where_negative(x, e, one), V::add(one, e));
}

// x sigmoid(x). Below -104 the sigmoid is 0, which an infinity would turn into NaN.
template <class V>
RONDO_KERNEL_INLINE typename V::F silu_of(typename V::F x) {
  return V::mul(V::max(V::set(-120.0f), x), sigmoid_of<V>(x));
}

// t + t^3 P(t^2) below 0.625 (the coefficients of Cephes' tanhf, Moshier 1984 to
// 1992), 1 - 2 / (e^(2t) + 1) above, t = |x|.
template <class V>
RONDO_KERNEL_INLINE typename V::F tanh_of(typename V::F x) {
  const auto t = V::min(V::set(10.0f), V::abs(x));
  const auto square = V::mul(t, t);
  auto p = V::set(-5.70498872745e-3f);
  p = V::fma(p, square, V::set(2.06390887954e-2f));
  p = V::fma(p, square, V::set(-5.37397155531e-2f));
  p = V::fma(p, square, V::set(1.33314422036e-1f));
  p = V::fma(p, square, V::set(-3.33332819422e-1f));
  const auto near = V::fma(V::mul(p, square), t, t);
  const auto e = exp_of<V>(V::add(t, t));
  const auto far = V::sub(V::set(1.0f), V::div(V::set(2.0f), V::add(e, V::set(1.0f))));
  return V::with_sign_of(x, V::where_negative(V::sub(t, V::set(0.625f)), near, far));
}

// x Phi(x) = max(x, 0) - t Q(t), t = |x|: no cancellation on either side. The
// upper tail is Q(t) = e^(-t^2 / 2) P(s) / (t + 2.5) with s = (t - 2.5) / (t + 2.5);
// P interpolates in Chebyshev nodes over [0, 14.5], relative error 1.9e-8.
template <class V>
RONDO_KERNEL_INLINE typename V::F gelu_erf_of(typename V::F x) {
  const auto t = V::min(V::set(14.5f), V::abs(x));
  const auto q = V::div(V::set(1.0f), V::add(t, V::set(2.5f)));
  const auto s = V::fnma(V::set(5.0f), q, V::set(1.0f));
  auto p = V::set(-1.581188316e-4f);
  p = V::fma(p, s, V::set(-3.132749347e-4f));
  p = V::fma(p, s, V::set(6.835118282e-4f));
  p = V::fma(p, s, V::set(2.525526085e-3f));
  p = V::fma(p, s, V::set(-1.599688215e-3f));
  p = V::fma(p, s, V::set(-1.638666640e-2f));
  p = V::fma(p, s, V::set(9.235537451e-3f));
  p = V::fma(p, s, V::set(1.319870273e-1f));
  p = V::fma(p, s, V::set(-4.336919884e-1f));
  p = V::fma(p, s, V::set(7.066566590e-1f));
  // e^-(square + rest) with the square's rounding error: without it the tail
  // is off by t^2 / 4 ulp.
  const auto square = V::mul(t, t);
  const auto rest = V::fms(t, t, square);
  auto tail = exp_of<V>(V::mul(square, V::set(-0.5f)));
  tail = V::fnma(V::mul(rest, V::set(0.5f)), tail, tail);
  const auto correction = V::mul(t, V::mul(V::mul(p, q), tail));
  return V::sub(V::max(V::zero(), x), correction);
}

// x / (1 + e^-v) with v = 2 sqrt(2 / pi) (x + 0.044715 x^3), as
// max(x, 0) - t e^-|v| / (1 + e^-|v|). At t = 11 the second term is below 2^-150.
template <class V>
RONDO_KERNEL_INLINE typename V::F gelu_tanh_of(typename V::F x) {
  const auto t = V::min(V::set(11.0f), V::abs(x));
  const auto inner = V::fma(V::mul(t, t), V::set(0.0713548162726f), V::set(1.59576912161f));
  const auto e = exp_of<V>(V::fnma(t, inner, V::zero()));
  const auto correction = V::div(V::mul(t, e), V::add(V::set(1.0f), e));
  return V::sub(V::max(V::zero(), x), correction);
}

template <class V>
RONDO_KERNEL_INLINE typename V::F relu_of(typename V::F x) {
  return V::max(V::zero(), x);
}

}  // namespace
}  // namespace rondo::kernels
