// Copyright 2026 The MindForge Authors
// SPDX-License-Identifier: Apache-2.0
//
// The settings of AdamW and what they may be.
#ifndef CSRC_SHAPES_ADAMW_H_
#define CSRC_SHAPES_ADAMW_H_

#include <cmath>
#include <cstdint>
#include <stdexcept>
#include <string>

namespace mindforge {

struct AdamWSettings {
  double lr, beta1, beta2, eps, decay, gradient_scale;
  bool decoupled;
  int64_t step;  // counted from 1
};

// Throws std::invalid_argument, naming the argument, where a setting is out of range.
inline void CheckAdamW(const AdamWSettings& settings) {
  const auto require = [](bool holds, const std::string& name, const std::string& range,
                          double value) {
    if (!holds) {
      throw std::invalid_argument("msops.apply_adamw: " + name + " must be " + range + ", got " +
                                  std::to_string(value));
    }
  };
  const auto is_size = [](double value) { return std::isfinite(value) && value >= 0.0; };
  const auto is_beta = [](double value) { return value >= 0.0 && value < 1.0; };
  require(is_size(settings.lr), "lr", "finite and not below 0", settings.lr);
  require(is_beta(settings.beta1), "beta1", "in [0, 1)", settings.beta1);
  require(is_beta(settings.beta2), "beta2", "in [0, 1)", settings.beta2);
  require(is_size(settings.eps), "eps", "finite and not below 0", settings.eps);
  require(is_size(settings.decay), "weight_decay", "finite and not below 0", settings.decay);
  require(settings.step >= 1, "step", "at least 1", static_cast<double>(settings.step));
}

}  // namespace mindforge

#endif  // CSRC_SHAPES_ADAMW_H_
